"""A URL and a key are enough: models, transcribers and voices are asked for, and what was taken is said."""

import json

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from conformance.mutants.mutant import Fault
from conformance.reference.server import admission
from conformance.reference.server.server import Server

TRANSCRIBES = """\
scenario: What the user says is written down.
needs: [transcription]
steps:
  - configure: {transcription: {model: "${run.transcriber}"}}
"""
SPEAKS = """\
scenario: The assistant has a voice.
needs: [voices]
steps:
  - configure: {modalities: audio, voice: "${run.voice}"}
  - configure: {voice: "${run.other_voice}"}
"""


class Listing(Server):
    """An endpoint that wants a model, and lists those it has (`GET /v1/models`) where there is a list."""

    listed = None

    def _process(self, connection, request):
        if request.path == "/v1/models" and self.listed is not None:
            body = json.dumps({"object": "list", "data": [{"id": name} for name in self.listed]}).encode()
            return Response(200, "OK", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)
        return super()._process(connection, request)


@pytest.fixture
def wants_a_model(listen, key, monkeypatch):
    """Return `wants_a_model(model, listed) -> url`; no other model is served."""
    monkeypatch.setattr(admission, "FAMILIES", ())

    def make(model, listed):
        server = Listing(tokens=(key,), models=(model,))
        server.listed = listed
        return listen(server).url

    return make


def words(result):
    return " ".join((result.stdout + result.stderr).split())


def report(folder):
    return json.loads((folder.path / "reports" / "report.json").read_text())


@pytest.mark.parametrize(
    ("model", "listed", "said"),
    [
        ("my-realtime-9", ["tts-1", "my-realtime-9"], "the endpoint lists it (GET …/models)"),
        ("gpt-realtime-mini", None, "it is a common name (the endpoint lists no models)"),
    ],
)
def test_a_bare_endpoint_that_wants_a_model_is_judged_with_one_and_it_is_said_which(
    folder, wants_a_model, model, listed, said
):
    folder.talk("turn")

    result = folder.pytest("turn.yaml", f"--endpoint={wants_a_model(model, listed)}")

    assert result.returncode == 0, result.stdout
    assert f"model: {model}, because {said}" in words(result)
    assert report(folder)["model"] == model
    assert any(note.startswith(f"model: {model}") for note in report(folder)["notes"])


def test_a_bare_endpoint_that_takes_no_usual_model_is_asked_for_by_a_message(folder, wants_a_model):
    folder.talk("turn")

    result = folder.pytest("turn.yaml", f"--endpoint={wants_a_model('something-else', None)}")

    assert result.returncode == 6
    assert "Name the model: --model=NAME" in words(result)


def sent(folder, scenario):
    lines = (folder.path / "reports" / "traces" / f"{scenario}.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    return [
        each["event"]["session"] for each in told if each.get("direction") == "client" and "session" in each["event"]
    ]


def refusing(refused):
    """Make an endpoint refuse sessions that name one of the *refused* transcribers or voices."""

    def receives(event):
        audio = event.get("session", {}).get("audio", {})
        named = {
            ((audio.get("input") or {}).get("transcription") or {}).get("model"),
            (audio.get("output") or {}).get("voice"),
        }
        return [{**event, "session": {**event["session"], "no_such": 1}}] if named & set(refused) else [event]

    return lambda _dialect: Fault(receives=receives)


@pytest.mark.parametrize(
    ("options", "refused", "taken"),
    [
        ((), ("whisper-1",), "gpt-realtime-whisper"),
        (("--transcriber=gpt-4o-transcribe",), (), "gpt-4o-transcribe"),
    ],
)
def test_a_transcriber_is_the_one_that_somebody_chose_or_that_the_endpoint_takes(
    folder, endpoint, options, refused, taken
):
    folder.discovers = True
    folder.write("scribe.yaml", TRANSCRIBES)

    result = folder.pytest("scribe.yaml", f"--endpoint={endpoint(hooks=refusing(refused))}", *options)

    assert result.returncode == 0, result.stdout
    assert sent(folder, "scribe")[0]["audio"]["input"]["transcription"]["model"] == taken


@pytest.mark.parametrize(
    ("options", "refused", "taken"),
    [
        ((), ("alloy",), ["echo", "marin"]),
        (("--voice=cedar,shimmer",), (), ["cedar", "shimmer"]),
    ],
)
def test_voices_are_those_that_somebody_chose_or_that_the_endpoint_takes(folder, endpoint, options, refused, taken):
    folder.discovers = True
    folder.write("voices.yaml", SPEAKS)

    result = folder.pytest("voices.yaml", f"--endpoint={endpoint(hooks=refusing(refused))}", *options)

    assert result.returncode == 0, result.stdout
    assert [each["audio"]["output"]["voice"] for each in sent(folder, "voices")[:2]] == taken


def test_a_secret_header_is_scrubbed_and_a_word_in_a_header_is_not(folder, endpoint):
    folder.talk("turn")
    headers = ["--header=x-auth-mode: platform", "--secret-header=x-team: opensesame"]

    result = folder.pytest("turn.yaml", f"--endpoint={endpoint()}", "--examples=0", *headers)
    written = "".join(
        each.read_text() for each in (folder.path / "reports").rglob("*") if each.suffix in (".json", ".jsonl")
    )

    assert result.returncode == 0, result.stdout
    assert "https://platform." in written
    assert "opensesame" not in written + result.stdout
