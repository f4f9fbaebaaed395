import asyncio
from dataclasses import replace

import orjson
import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import every_feature
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import Rehearsal, rehearsal_target
from conformance.play.discovery import discover
from conformance.play.features import KNOCKS, ONLY, QUESTIONS
from conformance.play.target import Target
from conformance.play.wire import Wire
from conformance.reference.server.server import Server
from conformance.reference.session.core import FEATURES
from conformance.secrets import Scrubber

#: What cannot be had without a feature.
WITHOUT = {"server_vad": {"idle_timeout"}, "audio_output": {"voices"}}


def asked(dialect):
    """Return every feature that is asked for in a dialect."""
    features = (*QUESTIONS, *KNOCKS, "client_secrets", "transcription", "voices")
    return {each for each in features if ONLY.get(each, dialect) == dialect}


def found(dialect, features=None, fault=None):
    target = rehearsal_target(DIALECTS[dialect])
    discovery = asyncio.run(discover(Rehearsal(target, features=features, fault=fault), target, Scrubber()))
    return discovery, discovery.lacking.keys() - {"scripted_failure"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_endpoint_that_offers_everything_lacks_nothing(dialect):
    discovery, lacking = found(dialect)

    assert discovery.complete
    assert lacking == set()
    assert discovery.offered == asked(dialect)


@pytest.mark.parametrize(
    ("dialect", "feature"),
    [(dialect, feature) for dialect in DIALECTS for feature in sorted(asked(dialect) & FEATURES)],
)
def test_a_feature_that_is_refused_properly_is_found_lacking(dialect, feature):
    discovery, lacking = found(dialect, every_feature() - {feature})

    assert discovery.complete
    assert lacking == {feature} | (WITHOUT.get(feature, set()) & asked(dialect))
    assert feature not in discovery.offered


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_key_that_is_not_read_from_a_subprotocol_is_a_lack_where_nobody_documents_it(dialect):
    target = rehearsal_target(DIALECTS[dialect])
    only_headers = Rehearsal(target, auth_styles=("bearer",))

    discovery = asyncio.run(discover(only_headers, target, Scrubber()))

    assert "HTTP 401" in discovery.lacking["subprotocol"]
    assert "subprotocol" not in discovery.offered


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_endpoint_that_only_speaks_is_found_to_lack_text(dialect):
    path = DIALECTS[dialect].session_paths["modalities"]

    def receives(event):
        session = event.get("session") or {}
        return [
            {**event, "session": {**session, path[-1]: ["no text"]}} if session.get(path[-1]) == ["text"] else event
        ]

    _, lacking = found(dialect, fault=lambda: Fault(receives=receives))

    assert lacking == {"text_output"}


def test_questions_are_about_features_that_scenarios_need():
    assert QUESTIONS.keys() | KNOCKS.keys() <= every_feature()


@pytest.mark.parametrize("anonymous", [False, True])
def test_an_endpoint_that_answers_no_update_is_asked_once(anonymous):
    def sends(event):
        if event["type"] == "error" and anonymous:
            event = {**event, "error": {**event["error"], "event_id": None}}
        return [] if event["type"] == "session.updated" else [event]

    discovery, lacking = found("ga", fault=lambda: Fault(sends=sends))

    asked_with = [entry.event["type"] for entry in discovery.trace if entry.sent]
    assert asked_with == ["session.update", "conversation.item.create"]
    assert (discovery.complete, lacking) == (False, set())


def test_silence_is_no_declaration():
    deaf = frozenset({"conversation.item.retrieve", "conversation.item.delete"})

    def fault():
        return Fault(receives=lambda event: [] if event.get("type") in deaf else [event])

    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert discovery.offered == asked("ga") - {"retrieve", "delete"}


def test_a_setting_that_is_accepted_and_forgotten_is_not_offered():
    def fault():
        return Fault(
            sends=lambda event: (
                [{**event, "session": {**event["session"], "tools": []}}] if "session" in event else [event]
            )
        )

    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert discovery.offered == asked("ga") - {"tools"}


class DeafToTheIntent:
    """Every connection opens a session of talk; what *takes* sees of an update for transcription."""

    def __init__(self, takes):
        self.takes = takes

    def __call__(self):
        return Fault(sends=self.says, receives=self.hears)

    def says(self, event):
        told = "session." + str(event["type"]).rpartition(".")[2]
        if told not in ("session.created", "session.updated"):
            return [event]
        return [{**event, "type": told, "session": {**event["session"], "type": "realtime"}}]

    def hears(self, event):
        session = event.get("session")
        asks = event["type"] == "transcription_session.update" or (session or {}).get("type") == "transcription"
        return [self.takes(event) if asks else event]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whoever_ignores_the_intent_and_refuses_the_update_has_no_transcription_sessions(dialect):
    refused = DeafToTheIntent(lambda event: {**event, "type": "never.heard.of"})

    discovery, lacking = found(dialect, fault=refused)

    assert lacking - {"translation"} == {"transcription_session"}
    assert "was answered by" in discovery.lacking["transcription_session"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whoever_ignores_the_intent_and_takes_the_update_is_not_excused(dialect):
    discovery, lacking = found(dialect, fault=DeafToTheIntent(lambda event: event))

    assert lacking - {"translation"} == set()
    assert "transcription_session" not in discovery.offered


def test_whoever_opens_an_ordinary_session_for_a_translation_has_none():
    discovery, lacking = found("ga", fault=DeafToTheIntent(lambda event: event))

    assert lacking == {"translation"}
    assert "a session of another kind" in discovery.lacking["translation"]


def test_only_the_reference_fails_on_request(run):
    async def ask():
        async with Server(tokens=("k",)) as server:
            target = Target(server.url, DIALECTS["ga"], "k", "gpt-realtime")
            return await discover(Wire(target), target, Scrubber())

    assert run(ask()).lacking == {}
    assert "scripted_failure" in found("ga")[0].lacking


def test_an_endpoint_that_breaks_off_has_told_nothing_more(run, served):
    async def talk(ws):
        await ws.send(orjson.dumps({"type": "session.created", "session": {}}).decode())
        await ws.recv()
        await ws.close(1011, "worker died")

    async def ask():
        async with served(talk) as target:
            return await discover(Wire(target), target, Scrubber())

    discovery = run(ask())

    assert not discovery.complete
    assert discovery.lacking.keys() == {"scripted_failure"}


def test_an_endpoint_that_drips_is_not_listened_to_for_ever(run, served):
    async def talk(ws):
        await ws.send(orjson.dumps({"type": "session.created", "session": {}}).decode())
        while True:
            await ws.send(orjson.dumps({"type": "response.output_text.delta", "delta": "x"}).decode())
            await asyncio.sleep(0.05)

    async def ask():
        async with served(talk) as target:
            patience = replace(target.patience, conversation=0.5)
            return await discover(Wire(target), replace(target, patience=patience), Scrubber())

    assert not run(ask()).complete


def refusing(event_type, code, message, anonymous=False):
    """An endpoint that refuses one type of event."""

    def fault():
        refused = []

        def receives(event):
            if event.get("type") != event_type:
                return [event]
            refused.append(event.get("event_id"))
            return [{"type": "refuse.this", "event_id": event.get("event_id")}]

        def sends(event):
            if event["type"] == "error" and refused and event["error"].get("event_id") in refused:
                named = None if anonymous else event["error"]["event_id"]
                event = {**event, "error": {**event["error"], "code": code, "message": message, "event_id": named}}
                event["error"]["param"] = None
            return [event]

        return Fault(receives=receives, sends=sends)

    return fault


def test_an_endpoint_that_cannot_clear_its_buffer_can_still_hear():
    _, lacking = found("ga", fault=refusing("input_audio_buffer.clear", "unsupported", "No clear."))

    assert lacking == set()


def test_an_item_that_is_not_found_is_no_lack_of_the_feature():
    code = "item_retrieve_invalid_item_id"
    _, lacking = found("ga", fault=refusing("conversation.item.retrieve", code, "Item does not exist."))

    assert lacking == set()


def test_the_id_that_the_endpoint_gave_is_what_is_asked_for():
    asked = []

    def fault():
        def receives(event):
            if event.get("type") == "conversation.item.create":
                return [{**event, "item": {key: each for key, each in event["item"].items() if key != "id"}}]
            asked.extend([event["item_id"]] if event.get("type") == "conversation.item.retrieve" else [])
            return [event]

        return Fault(receives=receives)

    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert "retrieve" in discovery.offered
    assert asked[0].startswith("item_")


def test_an_error_that_names_nobody_refuses_the_one_question_that_is_open():
    _, lacking = found("ga", fault=refusing("conversation.item.retrieve", "nope", "No.", anonymous=True))

    assert lacking == {"retrieve"}


def test_what_was_asked_stands_beside_the_answer():
    discovery, _ = found("ga", every_feature() - {"tools"})

    assert discovery.lacking["tools"].startswith("session.update was answered by ")


def test_nothing_is_concluded_where_an_update_that_changes_nothing_is_refused():
    fault = refusing("session.update", "unknown_parameter", "Unknown parameter: 'session.type'.")
    discovery, lacking = found("ga", fault=fault)

    assert lacking == set()
    assert "session.type" in discovery.trouble
    assert not discovery.complete


@pytest.mark.parametrize(("taken", "used"), [("gpt-4o-transcribe", "gpt-4o-transcribe"), ("none", "")])
def test_a_transcriber_that_is_refused_is_asked_for_by_another_name(taken, used):
    def fault():
        def receives(event):
            session = event.get("session", {})
            wanted = session.get("audio", {}).get("input", {}).get("transcription") if session else None
            refused = wanted is not None and wanted["model"] != taken
            return [{**event, "session": {**session, "no_such": 1}}] if refused else [event]

        return Fault(receives=receives)

    discovery, lacking = found("ga", fault=fault)

    assert discovery.transcriber == used
    assert ("transcription" in lacking) == (not used)
