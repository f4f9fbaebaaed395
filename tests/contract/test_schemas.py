from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.schemas import LIMIT, Problem, Schemas, describe, schemas_for
from conformance.errors import SchemaError
from conformance.resources import folder
from conformance.trace.trace import Direction

CLIENT, SERVER = Direction.CLIENT, Direction.SERVER
SIDES = [(dialect, side) for dialect in DIALECTS for side in (CLIENT, SERVER)]

ERROR = {"type": "error", "event_id": "event_1", "error": {"type": "server_error", "message": "no"}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the schema files that a test may break."""
    return Path(shutil.copytree(folder("schemas"), tmp_path / "schemas"))


def test_every_event_has_a_sample(samples) -> None:
    having = {(sample.dialect, sample.side, sample.event["type"]) for sample in samples}
    wanted = {(dialect, side, kind) for dialect, side in SIDES for kind in schemas_for(dialect).types(side)}
    assert having == wanted


def test_a_sample_is_valid(sample) -> None:
    schemas = schemas_for(sample.dialect)
    assert sample.event["type"] in schemas.types(sample.side)
    assert schemas.problems(sample.side, sample.event) == ()


def test_a_sample_has_all_that_clients_want(sample) -> None:
    if sample.side is SERVER and not sample.name.endswith("@nulls") and not sample.name.endswith("@early"):
        assert schemas_for(sample.dialect).absences(sample.event) == ()


def test_a_sample_has_no_undocumented_field(sample) -> None:
    if not sample.name.endswith("@voice_live"):
        assert schemas_for(sample.dialect).extras(sample.side, sample.event) == ()


def test_an_unknown_type_is_not_judged() -> None:
    schemas = schemas_for("ga")
    for event in ({"type": "ping"}, {"type": ["error"]}, {"type": None}, {}):
        assert schemas.problems(SERVER, event) == ()
        assert schemas.absences(event) == ()
        assert schemas.extras(SERVER, event) == ()
    assert "ping" not in schemas.types(SERVER)


def test_the_sides_are_told_apart() -> None:
    schemas = schemas_for("ga")
    assert "session.update" in schemas.types(CLIENT)
    assert "session.update" not in schemas.types(SERVER)


def test_all_problems_are_told_sorted_with_their_place() -> None:
    event = {
        "type": "response.done",
        "event_id": 7,
        "response": {
            "id": "resp_1",
            "status": "over",
            "output": [{"id": "item_1", "type": "message", "role": "assistant"}],
        },
    }
    assert schemas_for("ga").problems(SERVER, event) == (
        Problem("/event_id", "type", "string", "7"),
        Problem("/response/output/0/content", "required", "present", "absent"),
        Problem(
            "/response/status",
            "enum",
            'one of "completed", "cancelled", "failed", "incomplete", "in_progress"',
            '"over"',
        ),
    )


def test_a_problem_inside_a_variant_names_the_field_not_the_union() -> None:
    event = {
        "type": "session.updated",
        "event_id": "event_1",
        "session": {
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": "low"}}},
        },
    }
    (problem,) = schemas_for("ga").problems(SERVER, event)
    assert (problem.path, problem.keyword) == ("/session/audio/input/turn_detection/threshold", "type")


def test_a_field_that_only_one_dialect_knows_is_judged_there_only() -> None:
    item = {
        "id": "item_1",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "audio", "transcript": ""}],
    }
    event = {"type": "conversation.item.created", "event_id": "event_1", "item": item}
    assert schemas_for("beta").problems(SERVER, event) == ()
    assert [problem.path for problem in schemas_for("ga").problems(SERVER, event)] == ["/item/content/0/type"]


def test_a_problem_never_carries_the_instance() -> None:
    huge = {"audio": ["A" * 40_000]}
    event = {"type": "response.output_audio.delta", "event_id": "e", "delta": huge, "item_id": "x" * 10_000}
    for problem in schemas_for("ga").problems(SERVER, event):
        assert len(problem.expected) <= LIMIT
        assert len(problem.found) <= LIMIT


@pytest.mark.parametrize(
    "value", ["A" * 40_000, ["A" * 40_000], {"A" * 40_000: 1}, list(range(5000)), 10**15, None, "short"]
)
def test_a_description_is_short_whatever_is_described(value) -> None:
    assert 0 < len(describe(value)) <= LIMIT


def test_a_pointer_escapes_what_json_pointers_escape() -> None:
    event = {**ERROR, "a/b~c": 1}
    assert schemas_for("ga").extras(SERVER, event) == ("/a~1b~0c",)


def test_an_undocumented_field_is_information_and_no_problem() -> None:
    event = {**ERROR, "trace": "x", "error": {**ERROR["error"], "hint": {"deep": 1}}}
    schemas = schemas_for("ga")
    assert schemas.problems(SERVER, event) == ()
    assert schemas.extras(SERVER, event) == ("/error/hint", "/trace")


def test_the_fields_of_another_variant_are_undocumented_here() -> None:
    event = {
        "type": "session.updated",
        "event_id": "event_1",
        "session": {
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}},
        },
    }
    assert schemas_for("ga").extras(SERVER, event) == ("/session/audio/input/turn_detection/threshold",)


def test_free_form_objects_have_no_undocumented_fields() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"b": 1}}}}
    event = {"type": "session.update", "session": {"type": "realtime", "tools": [tool]}}
    assert schemas_for("ga").extras(CLIENT, event) == ()


def test_an_error_event_may_carry_a_null_id_but_clients_want_it_filled() -> None:
    schemas = schemas_for("ga")
    event = {**ERROR, "event_id": None}
    assert schemas.problems(SERVER, event) == ()
    assert [wanted.path for wanted in schemas.absences(event)] == ["/event_id"]


def test_the_schemas_of_a_dialect_are_loaded_once() -> None:
    assert schemas_for("ga") is schemas_for("ga")


def test_an_unknown_dialect_is_one_clear_error() -> None:
    with pytest.raises(SchemaError, match="no dialect 'alpha'"):
        schemas_for("alpha")


def broken_json(path: Path) -> None:
    path.write_text('{"type": ')


def wrong_keyword(path: Path) -> None:
    path.write_text(path.read_text().replace('"type": "object"', '"type": "objekt"', 1))


def dangling_reference(path: Path) -> None:
    path.write_text(path.read_text().replace("objects/session.json", "objects/sesion.json"))


def wrong_id(path: Path) -> None:
    path.write_text(path.read_text().replace(".invalid/ga/", ".invalid/beta/", 1))


def no_object(path: Path) -> None:
    path.write_text("[]")


@pytest.mark.parametrize(
    "damage",
    [broken_json, wrong_keyword, dangling_reference, wrong_id, no_object, Path.unlink],
    ids=lambda d: d.__name__,
)
def test_a_broken_or_missing_file_is_one_clear_error(home: Path, damage) -> None:
    damage(home / "ga" / "server" / "session.created.json")
    with pytest.raises(SchemaError, match=r"ga/server/session\.created\.json") as caught:
        Schemas("ga", home)
    assert len(caught.value.message) < 600
    assert "\n" not in caught.value.message
    assert "Reinstall" in caught.value.cure


def test_a_broken_shared_object_is_one_clear_error(home: Path) -> None:
    wrong_keyword(home / "beta" / "objects" / "response.json")
    with pytest.raises(SchemaError, match="schemas/beta/"):
        Schemas("beta", home)


@pytest.mark.parametrize("text", ["{", "{}", '[{"path": "/x"}]', "[1]"])
def test_a_broken_list_of_wanted_fields_is_one_clear_error(home: Path, text: str) -> None:
    (home / "wanted.json").write_text(text)
    with pytest.raises(SchemaError, match=r"wanted\.json"):
        Schemas("ga", home)
