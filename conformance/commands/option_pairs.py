"""Options of a command that mean nothing beside each other: refused, not passed over."""

from __future__ import annotations

import click
from click.core import ParameterSource

from conformance.errors import UsageError


def only_with(option: str, *names: str) -> None:
    """Raise UsageError if, beside *option*, the command line holds another parameter than those with these names."""
    context = click.get_current_context()
    others = [
        max(each.opts, key=len)
        for each in context.command.params
        if each.name not in names and context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
    ]
    if others:
        raise UsageError(f"{option} cannot be combined with {', '.join(others)}", "Leave one of them out.")
