"""Who may import whom: the two prohibitions that carry the design, and the rooms of the package, by floors."""

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "conformance"
GROUND = {
    "conformance.errors",
    "conformance.yaml_source",
    "conformance.registry",
    "conformance.resources",
    "conformance.secrets",
    "conformance.secret_splits",
}

#: Room -> its floor.  A room imports from its own floor and from those below, never from one above.
FLOORS = {
    "errors": 0, "registry": 0, "resources": 0, "secret_spellings": 0, "yaml_source": 0,
    "trace": 1,
    "contract": 2, "scenario": 2, "secrets": 2, "secret_splits": 2, "trace.formats": 2,
    "rules": 3, "reference": 3, "play": 3,
    "corpus": 4, "generate": 4, "mutants": 4, "relay": 4, "run": 4, "tap": 4,
    "options": 5, "report": 5,
    "plugin": 6, "commands": 6,
    "the package": 7,
}  # fmt: skip
#: Modules that nothing of the product uses: faults that the tests play.
UNREACHED = {"mutants.omissions"}
#: Packages whose modules are found because they are there.
FOUND_BY_FILE = {"contract.revisions", "report.formats"}
#: Distribution -> the module that it installs, where the names differ.
MODULE_OF = {"pyyaml": "yaml", "allure_pytest": "allure"}
STILL_UNUSED: set[str] = set()

#: Narrower than the floors: room -> what of ours and of third parties its modules may import.
ROOMS = {
    "trace": {"conformance.trace", "conformance.errors", "orjson"},
    "trace/formats": {"conformance.trace", "conformance.contract.auth_styles", "conformance.errors"}
    | {"conformance.secrets", "orjson", "yaml"},
    "contract": {"conformance.contract", "conformance.trace", *GROUND, "orjson", "yaml", "jsonschema_rs"},
    "scenario": {
        "conformance.scenario",
        "conformance.trace",
        "conformance.contract",
        *GROUND,
        "yaml",
        "orjson",
        "jsonschema_rs",
    },
    "rules": {"conformance.rules", "conformance.trace", "conformance.contract", *GROUND, "orjson"},
    "reference": {
        "conformance.reference",
        "conformance.contract.dialect",
        "conformance.contract.dialects",
        "conformance.contract.auth_styles",
        "conformance.contract.harness_schemas",
        "conformance.contract.key_roles",
        "conformance.contract.names",
    }
    | {*GROUND, "orjson", "websockets"},
    "play": {"conformance.play", "conformance.scenario", "conformance.contract", "conformance.trace", *GROUND}
    | {"orjson", "websockets"},
    "mutants": {"conformance.mutants", "conformance.reference", "conformance.play", "conformance.scenario"}
    | {"conformance.contract", "conformance.trace", *GROUND, "orjson", "websockets"},
    "relay": {"conformance.relay", "conformance.mutants", "conformance.reference", "conformance.play"}
    | {"conformance.scenario", "conformance.rules", "conformance.contract", "conformance.trace", *GROUND}
    | {"orjson", "websockets"},
}

#: Third-party package -> the only modules that may import it.
ONE_ROOM = {
    "websockets": {"play/wire.py", "reference/server/", "relay/upstream.py", "mutants/toy_"},
    "jsonschema_rs": {"contract/schemas.py", "yaml_source.py"},
    "yaml": {"yaml_source.py", "trace/formats/cassette.py", "plugin/", "report/", "generate/", "commands/", "run/"},
}


@cache
def nodes(path):
    """Return every node of a module's syntax: a dozen tests walk over all of them."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path):
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def modules(room=""):
    return sorted((PACKAGE / room).rglob("*.py"))


def within(name, allowed):
    return any(name == each or name.startswith(each + ".") for each in allowed)


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph():
    """Module -> the modules of ours that it imports, wherever in it the import stands."""
    names = {module_name(path): path for path in modules()}
    edges = {}
    for name, path in names.items():
        edges[name] = set()
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "conformance":
                base = node.module.partition(".")[2]
                for each in node.names:
                    full = f"{base}.{each.name}".strip(".")
                    edges[name].add(full if full in names else base)
            elif isinstance(node, ast.Import):
                edges[name] |= {
                    each.name.partition(".")[2] for each in node.names if within(each.name, {"conformance"})
                }
    return edges


def room_of(module):
    two = ".".join(module.split(".")[:2])
    return two if two in FLOORS else module.partition(".")[0] or "the package"


def circles(edges):
    """The groups of nodes from which one comes back: each as a sorted tuple."""
    reached = {}
    for start in edges:
        seen, front = set(), [start]
        while front:
            for each in edges.get(front.pop(), ()):
                if each not in seen:
                    seen.add(each)
                    front.append(each)
        reached[start] = seen
    return {
        tuple(sorted(other for other in reached if other in reached[each] and each in reached.get(other, ())))
        for each in reached
        if each in reached[each]
    }


def test_every_room_has_its_floor():
    assert {room_of(name) for name in graph()} <= FLOORS.keys()


def test_nothing_imports_from_a_floor_above():
    upward = {
        (name, imported)
        for name, found in graph().items()
        for imported in found
        if FLOORS[room_of(imported)] > FLOORS[room_of(name)]
    }

    assert upward == set(), "upward imports"


def test_no_rooms_import_each_other_in_a_circle():
    rooms = {}
    for name, found in graph().items():
        for imported in found:
            if room_of(imported) != room_of(name):
                rooms.setdefault(room_of(name), set()).add(room_of(imported))

    assert circles(rooms) == set()


def test_no_files_import_each_other_in_a_circle():
    assert circles(graph()) == set()


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
    names = {"conformance.contract.revisions"}
    asked = {(path.name, name) for path in modules("rules") for name in imports(path) if within(name, names)}
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


def test_every_module_is_reached_from_the_command_the_plugin_or_the_package():
    edges, reached, front = graph(), set(), ["commands.cli", "plugin", ""]
    while front:
        name = front.pop()
        if name not in reached:
            reached.add(name)
            front += [*edges.get(name, ()), name.rpartition(".")[0]]
            front += [each for each in edges if name in FOUND_BY_FILE and each.startswith(f"{name}.")]

    assert edges.keys() - reached == UNREACHED


def test_every_runtime_dependency_is_imported():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.match(r"[\w-]+", each)[0].lower().replace("-", "_") for each in project["dependencies"]}
    imported = {name.partition(".")[0].lower() for path in modules() for name in imports(path)}

    assert {MODULE_OF.get(name, name) for name in named} - imported - STILL_UNUSED == set()


def test_a_word_names_one_class_or_type_alone():
    """Only the rules' and the reference's own `Event` meet: the two never import each other."""
    homes = {}
    for path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assigned = node.targets[0] if isinstance(node, ast.Assign) else None
            alias = assigned.id if isinstance(assigned, ast.Name) and re.match("[A-Z].*[a-z]", assigned.id) else None
            if name := node.name if isinstance(node, ast.ClassDef) else alias:
                homes.setdefault(name, []).append(module_name(path))

    assert {name for name, where in homes.items() if len(where) > 1} == {"Event"}
