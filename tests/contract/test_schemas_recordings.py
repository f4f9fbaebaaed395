"""What real endpoints said, against the schemas.  The recordings lie beside the repository, not in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.dialects import recognise
from conformance.contract.schemas import schemas_for
from conformance.trace.jsonl import load
from conformance.trace.trace import Direction, Trace

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "traces"
DIVERGING = "36-xai-ga-compat-text-in-audio-out-turn"
CONFORMING = [
    "02-azure-voicelive-betashape-message-history-seeding",
    "10-azure-ga-text-in-audio-out-turn",
    "14-openai-ga-audio-in-server-vad-turn",
    "17-openai-ga-text-in-audio-out-turn",
    "18-openai-ga-tool-call-round",
    "39-openai-beta-webrtc-bargein-cancel-function-call",
    "55-openai-beta-connect-and-transcript-rec20260220",
    "62-openai-ga-text-turn-and-errors-probe",
    "63-openai-ga-bad-api-key-probe",
]

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"the recordings are not at {RECORDINGS}")


def recording(name: str) -> Trace:
    return load(RECORDINGS / f"{name}.jsonl")


def judged(name: str):
    """Yield what the schemas say of every whole server event; shortened ones prove nothing."""
    trace = recording(name)
    told = recognise(entry.event for entry in trace if entry.event is not None and not entry.sent)
    schemas = schemas_for(told.name if told else "ga")
    for entry in trace:
        if entry.event is None or entry.sent or entry.elided:
            continue
        ids = {"/event_id"} if entry.ids_elided else set()
        problems = [problem for problem in schemas.problems(Direction.SERVER, entry.event) if problem.path not in ids]
        absences = [wanted.path for wanted in schemas.absences(entry.event) if wanted.path not in ids]
        yield entry.type, problems, absences


@pytest.mark.parametrize("name", CONFORMING)
def test_what_openai_and_azure_send_is_valid_and_complete(name: str) -> None:
    events = list(judged(name))
    assert events
    assert [(kind, problems, absences) for kind, problems, absences in events if problems or absences] == []


def test_no_recording_is_left_out() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.jsonl")} == {*CONFORMING, DIVERGING}


def test_what_xai_breaks_is_named_field_by_field() -> None:
    found = {(kind, problem.path, problem.keyword) for kind, problems, _ in judged(DIVERGING) for problem in problems}
    assert found == {
        ("session.created", "/session/type", "required"),
        ("session.updated", "/session/type", "required"),
        ("response.created", "/response/status_details", "type"),
        ("response.output_item.added", "/item/content", "required"),
        ("response.content_part.done", "/part", "required"),
        ("response.output_item.done", "/item/content", "required"),
        ("response.done", "/response/status_details", "type"),
        ("response.done", "/response/output/0/content/0/type", "enum"),
    }


def test_what_xai_leaves_out_though_clients_need_it_is_named_too() -> None:
    found = {(kind, path) for kind, _, absences in judged(DIVERGING) for path in absences}
    usage = {f"/response/usage/{field}" for field in ("total_tokens", "input_tokens", "output_tokens")}
    details = {f"/response/usage/{field}_token_details" for field in ("input", "output")}
    effective = {
        f"/response/{field}"
        for field in ("conversation_id", "output_modalities", "max_output_tokens", "audio", "metadata")
    }
    assert found == {
        (kind, path) for kind in ("response.created", "response.done") for path in usage | details | effective
    }
