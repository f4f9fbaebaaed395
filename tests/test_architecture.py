"""Who may import whom: the two prohibitions that carry the design, and the rooms of the package."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "conformance"
GROUND = {"conformance.errors", "conformance.yaml_source", "conformance.resources", "conformance.secrets"}

#: Room -> what of ours and of third parties its modules may import.
ROOMS = {
    "trace": {"conformance.trace", "conformance.errors", "orjson"},
    "trace/formats": {"conformance.trace", "conformance.errors", "conformance.secrets", "orjson", "yaml"},
    "contract": {"conformance.contract", "conformance.trace", *GROUND, "orjson", "yaml", "jsonschema_rs"},
    "scenario": {"conformance.scenario", "conformance.trace", *GROUND, "yaml", "orjson", "jsonschema_rs"},
    "rules": {"conformance.rules", "conformance.trace", "conformance.contract", *GROUND, "orjson"},
    "reference": {"conformance.reference", "conformance.contract.dialect", "conformance.contract.dialects"}
    | {*GROUND, "orjson", "websockets"},
    "play": {"conformance.play", "conformance.scenario", "conformance.contract", "conformance.trace", *GROUND}
    | {"orjson", "websockets"},
    "mutants": {"conformance.mutants", "conformance.reference", "conformance.play", "conformance.scenario"}
    | {"conformance.contract", "conformance.trace", *GROUND, "orjson"},
}

#: Third-party package -> the only modules that may import it.
ONE_ROOM = {
    "websockets": {"play/wire.py", "reference/server/server.py"},
    "jsonschema_rs": {"contract/schemas.py", "yaml_source.py"},
    "yaml": {"yaml_source.py", "trace/formats/cassette.py", "plugin/", "report/", "generate/", "commands/", "run/"},
}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def modules(room=""):
    return sorted((PACKAGE / room).rglob("*.py"))


def within(name, allowed):
    return any(name == each or name.startswith(each + ".") for each in allowed)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room):
    foreign = {
        (str(path.relative_to(PACKAGE)), name)
        for path in modules(room)
        if room.startswith("trace/") or "trace/formats/" not in path.as_posix()  # a room within a room
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not within(name, ROOMS[room])
    }

    assert foreign == set()


def test_rules_never_reach_for_io_or_the_clock():
    forbidden = {"asyncio", "socket", "time", "datetime", "random", "subprocess", "threading", "pytest", "websockets"}
    reached = {(path.name, name) for path in modules("rules") for name in imports(path) if within(name, forbidden)}

    assert reached == set()


def test_the_reference_and_the_rules_never_meet():
    eyes = {"conformance.rules", "conformance.contract.schemas", "conformance.trace"}
    reference = {(path.name, name) for path in modules("reference") for name in imports(path) if within(name, eyes)}
    rules = {(path.name, name) for path in modules("rules") for name in imports(path) if "reference" in name}

    assert reference | rules == set()


def test_no_rule_asks_for_a_dialect_by_name():
    names = {"conformance.contract.ga", "conformance.contract.beta"}
    asked = {(path.name, name) for path in modules("rules") for name in imports(path) if name in names}
    spoken = {path.name for path in modules("rules") if "dialect.name ==" in path.read_text(encoding="utf-8")}

    assert asked | spoken == set()


@pytest.mark.parametrize("package", ONE_ROOM)
def test_a_third_party_package_has_its_own_place(package):
    elsewhere = {
        place
        for path in modules()
        if any(within(name, {package}) for name in imports(path))
        for place in [path.relative_to(PACKAGE).as_posix()]
        if not any(place.startswith(home) for home in ONE_ROOM[package])
    }

    assert elsewhere == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_fits_into_a_readers_head(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 330


def test_no_room_is_without_a_name():
    nameless = {"utils.py", "helpers.py", "common.py", "misc.py"}

    assert {path.name for path in modules()} & nameless == set()
