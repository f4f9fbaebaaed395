"""What means nothing on a command line, alone or beside something else: refused, not passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The command whose arguments are pytest's, where an empty one may mean something.
RUN = "run"


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


def refuse_empty(arguments: Sequence[str]) -> None:
    """Raise UsageError for an empty value: a variable that is not set is neither "the usual" nor the current folder."""
    if next(iter(arguments), "") == RUN:
        return
    for before, each in zip(("", *arguments), arguments, strict=False):
        flag, equals, value = each.partition("=")
        named = bool(equals) and flag.startswith("--")
        if not (value if named else each).strip():
            what = flag if named else f"an argument, behind {before}," if before else "an argument"
            raise UsageError(f"{what} is empty", "Was a variable not set? Give it a value, or leave it out.")
