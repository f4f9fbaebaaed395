"""Files from anybody: read as plain data, or refused with their place."""

from pathlib import Path

import pytest

from conformance.errors import ScenarioError
from conformance.yaml_source import Marked, fits, nearest, parsed, place_of, plain, read

FILE = Path("some.yaml")


def data(text):
    return parsed(text, FILE, ScenarioError)


def refused(text):
    with pytest.raises(ScenarioError) as error:
        data(text)
    return error.value


def test_keys_and_elements_know_their_places():
    read_data = data("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n")

    assert place_of(read_data, ["b"]) == (2, 1)
    assert place_of(read_data, ["b", 1, "d"]) == (5, 5)
    assert place_of(read_data, ["b", 7]) == (2, 1)
    assert place_of(read_data, ["nowhere"]) == (1, 1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"), ("yes", "yes"), ("2026-01-31", "2026-01-31"), ("0x1F", "0x1F"), ("012", 12), ("1_000", "1_000"),
        ("true", True), ("null", None), ("~", None), ("", None), ("'null'", "null"), ("!!str 5", "5"),
        ("-3", -3), ("0.5", 0.5), ("1e3", 1000.0), (".inf", ".inf"), (".nan", ".nan"), ("9" * 19, "9" * 19),
    ],
)  # fmt: skip
def test_plain_scalars_are_read_as_json_would(written, meant):
    value = data(f"key: {written}")["key"]

    assert (value, type(value)) == (meant, type(meant))


def test_a_key_is_text_even_where_yaml_sees_a_boolean():
    assert plain(data("{on: 1, true: 2, 3: 4}")) == {"on": 1, "true": 2, "3": 4}


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a: !!python/object/apply:os.system [id]", "the tag tag:yaml.org,2002:python/object/apply:os.system", ":1:4"),
        ("a: !secret x", "the tag !secret is not allowed", ":1:4"),
        ("a: !!binary AAAA", "the tag tag:yaml.org,2002:binary", ":1:4"),
        ("a: 1\nb: 2\na: 3", "'a' appears twice", ":3:1"),
        ("? [a]\n: 1", "a key is text", ":1:3"),
        ("a: *nobody", "nothing before this is called &nobody", ":1:4"),
        ("a: &loop [*loop]", "nothing before this is called &loop", ":1:11"),
        ("a: 1\n---\nb: 2", "a second document", ":2:1"),
        ("a: [1\nb: 2", "not YAML", ":2:2"),
        ("- a", "the file holds no object", ":1:1"),
        ("", "the file holds no object", ":1:1"),
        ("a: \x07", "not YAML", ""),
    ],
)
def test_what_is_no_plain_data_is_refused_with_its_place(text, message, place):
    error = refused(text)

    assert message in error.message
    assert error.where.startswith(f"some.yaml{place}")


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, "a: " + "{b: " * 5_000 + "1" + "}" * 5_000])
def test_deep_nesting_is_refused_before_it_hurts(text):
    assert "nested too deeply" in refused(text).message


def test_aliases_repeat_a_value():
    assert plain(data("a: &x [1, 2]\nb: *x\nc: *x")) == {"a": [1, 2], "b": [1, 2], "c": [1, 2]}


def test_aliases_cannot_unfold_into_a_bomb():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]

    assert "holds more than" in refused("\n".join(levels)).message


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    (tmp_path / "large.yaml").write_bytes(b"a: " + b"x" * 2_000_001)

    whys = {"none.yaml": "cannot be read", "latin.yaml": "is not UTF-8", "large.yaml": "is larger than"}
    for name, why in whys.items():
        with pytest.raises(ScenarioError, match=why):
            read(tmp_path / name, ScenarioError)


def test_of_several_errors_the_first_in_the_file_is_told():
    schema = {"properties": {"a": {"type": "integer"}, "b": {"items": {"type": "integer"}}}}

    with pytest.raises(ScenarioError) as error:
        fits(data("b: [1, two]\na: x"), schema, FILE, ScenarioError)

    assert error.value.where == "some.yaml:1:8"
    assert error.value.message.startswith("b.1: ")


def test_the_nearest_name_is_offered():
    assert nearest("configur", ["configure", "commit"]) == "Did you mean 'configure'?"
    assert nearest("zzz", ["b", "a"]) == "Known: a, b."
    assert isinstance(data("{}"), Marked)
