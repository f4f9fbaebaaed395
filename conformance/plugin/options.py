"""Our options among pytest's.  Imported in every pytest run: nothing but the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.options.table import OPTIONS, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from conformance.options.given import Given

#: Those of pytest's options that pick tests.
SELECTING = ("-k", "-m", "--deselect")
#: The ini option of a project whose folders hold scenarios.
INI = "realtime_suite"


def register(option: Option, group: pytest.OptionGroup, taken: frozenset[str]) -> None:
    """Add an option to pytest's parser; where another plugin has the name, as `--realtime-…`."""
    how: dict[str, Any] = {"action": option.action, "dest": _dest(option.name), "default": None, "help": option.help}
    if option.action in ("store", "append"):
        how |= {"metavar": option.metavar, "type": option.type}
    if option.choices:
        how["choices"] = option.choices
    group.addoption(option.flag if option.flag not in taken else f"--realtime-{option.name}", **how)


def _dest(name: str) -> str:
    """Return where pytest keeps the value of an option; prefixed, so that nobody else's is touched."""
    return "realtime_" + name.replace("-", "_")


def taken(parser: pytest.Parser) -> frozenset[str]:
    """Return the option names that other plugins have registered; none where pytest does not tell."""
    groups = [*getattr(parser, "_groups", ()), getattr(parser, "_anonymous", None)]
    return frozenset(name for group in groups if group is not None for each in group.options for name in each.names())


def value(config: pytest.Config, flag: str) -> Any:
    """Return the value of one of our options, None if it was not given."""
    return config.getoption(_dest(flag))


def any_given(config: pytest.Config) -> bool:
    """Return whether any of our options was given."""
    return any(value(config, option.name) is not None for option in OPTIONS)


def given_in(config: pytest.Config) -> Given:
    """Return what was given on pytest's command line."""
    from conformance.options.given import Given

    here, worker = config.invocation_params.dir, getattr(config, "workerinput", None)
    found = {option.name: value(config, option.name) for option in OPTIONS}
    return Given(
        values={name: each for name, each in found.items() if each is not None},
        folder=here,
        # The root of a project of scenarios, elsewhere the current folder: foreign roots stay clean.
        home=config.rootpath if config.getini(INI) else here,
        root=config.rootpath,
        arguments=tuple(config.args),
        selecting=tuple(_selecting(config)),
        strict=_strict(config),
        several_processes=bool(config.getoption("numprocesses", None)) or worker is not None,
        handed=(worker or {}).get("realtime", {}),
    )


def _selecting(config: pytest.Config) -> Iterator[str]:
    """Yield what picks conversations on the command line; what a project's file of settings adds is no wish."""
    for written in map(str, config.invocation_params.args):
        yield from (flag for flag in SELECTING if written.startswith(flag))
    if config.args_source.name == "ARGS":
        yield from (each for each in config.args if not (config.invocation_params.dir / each).exists())


def _strict(config: pytest.Config) -> bool:
    """Return whether SHOULD findings count.

    pytest has a `--strict` of its own, in every release (8: for markers; 9: all its strictness, kept as an
    override of the ini option): given on the command line it means ours too.
    """
    overrides = config.getoption("override_ini", None) or []
    own = config.getoption("strict", False) is True or "strict=true" in overrides
    return bool(value(config, "strict-conformance")) or own
