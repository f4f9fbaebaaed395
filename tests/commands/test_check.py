import json

from conformance.commands.check import as_data, as_text, judged
from conformance.rules.engine.judge import Verdict

SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}


def write(path, *events):
    path.write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
    return path


def test_a_bare_list_of_events_is_judged(tmp_path):
    file = judged(write(tmp_path / "a.jsonl", SESSION))

    assert (file.dialect, file.entries, file.trouble) == ("ga", 1, "")
    assert file.of(Verdict.PASS)


def test_the_dialect_can_be_told(tmp_path):
    assert judged(write(tmp_path / "a.jsonl", SESSION), "beta").dialect == "beta"


def test_a_finding_is_told_with_its_place(tmp_path):
    file = judged(
        write(tmp_path / "a.jsonl", SESSION, {"type": "response.done", "event_id": "event_1", "response": {}})
    )

    text = as_text([file])

    assert text.startswith("broken ")
    assert "MUST " in text
    assert "\n>    1" in text


def test_an_unreadable_file_is_told_and_does_not_hide_the_others(tmp_path):
    broken = tmp_path / "b.jsonl"
    broken.write_text("{oops\n", encoding="utf-8")
    files = [judged(broken), judged(write(tmp_path / "a.jsonl", SESSION))]

    assert f"{broken}:1: not JSON" in as_text(files)
    assert [("error" in each, "rules" in each) for each in json.loads(as_data(files))] == [(True, False), (False, True)]
