"""The pytest plugin: inert, and next to free, in every run that does not ask for it.

It wakes up for an option of ours, for the folders of a project that says `realtime_suite = true`,
and for scenario files named on the command line (`activation`).  All else is imported only then.
"""

from __future__ import annotations

import pytest

from conformance.options.table import OPTIONS
from conformance.plugin.options import INI, register, taken, value


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options; none of them changes anything unless it is given."""
    group = parser.getgroup("realtime-conformance", "conformance of an OpenAI Realtime endpoint")
    others = taken(parser)
    for option in OPTIONS:
        register(option, group, others)
    parser.addini(INI, "The folders of this project hold scenarios: play them (realtime-conformance).", "bool", False)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Wake up, if this run asks for it."""
    from conformance.plugin.activation import asked_for

    if asked_for(config):
        from conformance.plugin.imports import imported_plainly

        with imported_plainly():
            from conformance.plugin.run import activate
        activate(config)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Certify, if that is asked for, in the place of a single run."""
    if value(config, "certify") is None:
        return None
    from conformance.plugin.certify import certify_run

    return certify_run(config)
