import gzip

import pytest
from click.testing import CliRunner

from conformance.commands.cli import command, main
from conformance.corpus.sources import Source
from conformance.mutants.rehearsal import rehearse
from conformance.resources import folder
from conformance.scenario.load import load
from conformance.trace.jsonl import dumps


@pytest.fixture(scope="module")
def trace():
    """Return the trace of a text turn on the reference endpoint."""
    return rehearse(load(folder("scenarios") / "response" / "text_turn.yaml"), "ga").traces[0]


def convert(*arguments):
    return CliRunner().invoke(command, ["convert", *map(str, arguments)])


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.har", "a.yaml", "a.json"])
def test_a_conversation_survives_every_format(tmp_path, trace, name):
    (tmp_path / "in.jsonl").write_bytes(dumps(trace) * 2)

    result = convert(tmp_path / "in.jsonl", tmp_path / name)

    found = [each.trace for each in Source(str(tmp_path / name)).recordings()]
    assert "2 conversations" in result.output
    assert [[(entry.direction, entry.event) for entry in each] for each in found] == [
        [(entry.direction, entry.event) for entry in trace]
    ] * 2


def test_a_folder_gets_a_trace_for_each_conversation(tmp_path, trace):
    (tmp_path / "in.jsonl").write_bytes(dumps(trace) * 2)

    convert(tmp_path / "in.jsonl", tmp_path / "out")

    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["in-1.jsonl", "in-2.jsonl"]


def test_keys_do_not_come_along(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"type": "session.created", "x": "sk-proj-0123456789abcdefghij"}\n')

    convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl.gz")

    assert b"0123456789" not in gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes())


@pytest.mark.parametrize("out", ["a.mp3", "in.jsonl/a.har"])
def test_where_nothing_can_be_written_is_one_clear_error(tmp_path, trace, out, capsys):
    (tmp_path / "in.jsonl").write_bytes(dumps(trace))

    with pytest.raises(SystemExit) as left:
        main(["convert", str(tmp_path / "in.jsonl"), str(tmp_path / out)])

    assert left.value.code == 4
    assert capsys.readouterr().err.startswith("error: ")


def test_traces_go_to_standard_output_and_what_is_told_does_not(tmp_path, trace, capsys):
    (tmp_path / "in.jsonl").write_bytes(dumps(trace) * 2)

    with pytest.raises(SystemExit) as left:
        main(["convert", str(tmp_path / "in.jsonl"), "-"])

    printed = capsys.readouterr()
    assert left.value.code == 0
    assert "2 conversations" not in printed.out
    assert "2 conversations" in printed.err
    (tmp_path / "out.jsonl").write_text(printed.out, encoding="utf-8")
    assert len(list(Source(str(tmp_path / "out.jsonl")).recordings())) == 2


def test_a_file_without_an_ending_is_no_format(tmp_path, trace):
    (tmp_path / "in.jsonl").write_bytes(dumps(trace))
    (tmp_path / "out").touch()

    told = str(convert(tmp_path / "in.jsonl", tmp_path / "out").exception)

    assert "a file, and without an ending that names a format" in told
    assert "- for standard output" in told
