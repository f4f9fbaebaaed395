"""Whether a pytest run is ours, and which files it plays.  Imported in every pytest run: keep it light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.plugin.options import INI, any_given

if TYPE_CHECKING:
    import pytest

#: How a bundled scenario is named on the command line, wherever it lies.
BUNDLED = "scenarios"
#: So many YAML files of a named folder are looked at, and so deep, to see whether it holds scenarios.
MOST_FILES, DEEPEST = 40, 3
YAML = (".yaml", ".yml")


def asked_for(config: pytest.Config) -> bool:
    """Return whether this run asks for the plugin."""
    if config.getoption("help", False) or config.getoption("version", 0):
        return False
    if hasattr(config, "workerinput"):
        return bool(config.workerinput.get("realtime"))
    if any_given(config):
        return True
    if config.args_source.name != "ARGS" and not config.getini(INI):
        return False
    return any(_holds_scenarios(config, each) for each in config.args)


def bundled_by_default(config: pytest.Config) -> bool:
    """Return whether an endpoint but no path was named, so that the bundled scenarios are what is meant.

    In the root of a project of scenarios its own `testpaths` are.
    """
    source = config.args_source.name
    return any_given(config) and (source == "INVOCATION_DIR" or (source == "TESTPATHS" and not config.getini(INI)))


def arguments(config: pytest.Config) -> list[str]:
    """Return what pytest shall collect: the bundled scenarios where nothing or they are named."""
    from conformance.resources import folder

    bundled = folder(BUNDLED)
    if bundled_by_default(config):
        return [str(bundled)]
    return [_bundled(config, each, bundled) for each in config.args]


def _bundled(config: pytest.Config, argument: str, bundled: Path) -> str:
    """Turn what is not here, `scenarios/…` or an id such as `response/text_turn`, into the file that is meant."""
    name, colons, rest = with_style(argument).partition("::")
    path, here = Path(name), config.invocation_params.dir
    if path.is_absolute() or not path.parts or ".." in path.parts or (here / path).exists():
        return argument
    found = bundled.joinpath(*path.parts[path.parts[0] == BUNDLED :])
    for place in (here / f"{name}.yaml", here / BUNDLED / f"{name}.yaml", found, found.with_name(f"{found.name}.yaml")):
        if place.exists():
            if "@" in argument:
                _refuse_unknown_style(rest)
            return f"{place}{colons}{rest}"
    _refuse_a_slip(path.as_posix(), bundled)
    if config.getoption("numprocesses", None) and not config.option.pyargs:
        from conformance.errors import UsageError

        # pytest says so itself, but for the workers of xdist, of whom nobody hears it.
        raise UsageError(f"there is no file and no scenario {path.as_posix()}")
    return argument


def _refuse_unknown_style(style: str) -> None:
    from conformance.contract.auth_styles import STYLES
    from conformance.errors import UsageError

    if style.partition("::")[0] not in STYLES:
        raise UsageError(f"there is no auth style {style!r}", f"Known: {', '.join(STYLES)}.")


def _refuse_a_slip(name: str, bundled: Path) -> None:
    """Raise UsageError where a name is nearly that of a bundled scenario; what else is wrong, pytest says itself."""
    from difflib import get_close_matches

    from conformance.errors import UsageError

    known = [each.relative_to(bundled).with_suffix("").as_posix() for each in bundled.rglob("*.yaml")]
    if near := get_close_matches(name.removeprefix(f"{BUNDLED}/").removesuffix(".yaml"), known, n=3):
        raise UsageError(f"there is no file and no scenario {name}", f"Did you mean {' or '.join(near)}?")


def with_style(argument: str) -> str:
    """Turn the name of a conversation in one auth style, as every report prints it, into that of its items."""
    name, at, style = argument.partition("@")
    return f"{name}::{style}" if at else argument


def _holds_scenarios(config: pytest.Config, argument: str) -> bool:
    from conformance.scenario.sniff import looks_like_scenario

    path = config.invocation_params.dir / argument.partition("::")[0]
    if path.is_file():
        return path.suffix in YAML and looks_like_scenario(path)
    if not path.is_dir():
        # A bundled scenario, as every report names it; nobody has a test of that name.
        return _names_a_scenario(with_style(argument).partition("::")[0])
    return any(looks_like_scenario(each) for each in _yaml_files(path))


def _names_a_scenario(name: str) -> bool:
    parts = Path(name).parts
    if Path(name).suffix in YAML and parts[:1] == (BUNDLED,):
        return True
    from conformance.resources import folder

    place = folder(BUNDLED) / (name if Path(name).suffix in YAML else f"{name}.yaml")
    return 1 < len(parts) <= DEEPEST and ".." not in parts and place.is_file()


def _yaml_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for depth in range(DEEPEST):
        for suffix in YAML:
            found += sorted(folder.glob("*/" * depth + "*" + suffix))[: MOST_FILES - len(found)]
    return found


def left_out(config: pytest.Config) -> bool:
    """Return whether the command line names less than whole folders, or a part of the bundled scenarios."""
    from conformance.resources import folder

    bundled = folder(BUNDLED)
    for argument in config.args:
        path = config.invocation_params.dir / argument.partition("::")[0]
        if "::" in argument or path.is_file() or bundled in path.resolve().parents:
            return True
    return False
