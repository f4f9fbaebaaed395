from __future__ import annotations

import pytest

from conformance.reference.session.quirks import PADDED, QUIRKS

OPENAI, AZURE = "real-openai-2026-09", "real-azure-2026-09"


def turns(talk, count=12):
    for each in range(count):
        talk.turn(f"Say exactly: turn {each}", modalities="text" if each % 2 else "audio")
    return talk.heard


def of(events, kind):
    return [event for event in events if event["type"] == kind]


def test_text_deltas_are_padded_and_audio_is_not(new_talk):
    deltas = [event for event in turns(new_talk(quirks=OPENAI)) if event["type"].endswith(".delta")]
    for event in deltas:
        assert ("obfuscation" in event) == (event["type"] in PADDED)
        assert len(event["delta"] + event.get("obfuscation", "")) % 16 == 0 or "obfuscation" not in event


def test_the_assistants_messages_have_a_phase_and_usage_counts_reasoning(new_talk):
    events = turns(new_talk(quirks=OPENAI))
    for event in of(events, "response.output_item.added"):
        assert event["item"]["phase"] == "final_answer"
    for event in of(events, "response.done"):
        assert event["response"]["output"][0]["phase"] == "final_answer"
        assert event["response"]["usage"]["output_token_details"]["reasoning_tokens"] == 0


def test_rate_limits_come_after_some_responses_only(new_talk):
    events = turns(new_talk(quirks=OPENAI))
    assert 0 < len(of(events, "rate_limits.updated")) < len(of(events, "response.done"))


def test_some_finished_items_forget_their_predecessor(new_talk):
    talk = new_talk(quirks=OPENAI)
    done = [event for event in of(turns(talk), "conversation.item.done") if event["item"]["role"] == "assistant"]
    if talk.dialect.name == "ga":
        assert 0 < sum(event["previous_item_id"] is None for event in done) < len(done)


def test_azure_says_a_part_twice_and_sends_no_limits(new_talk):
    events = turns(new_talk(quirks=AZURE))
    assert of(events, "rate_limits.updated") == []
    assert all(event["content"] == event["part"] for event in of(events, "response.content_part.done"))


@pytest.mark.parametrize("name", QUIRKS)
def test_the_same_seed_is_quirky_in_the_same_places(new_talk, name):
    def heard():
        return turns(new_talk(quirks=name, seed=7, wall=lambda: 0.0))

    assert heard() == heard()


def test_unknown_quirks_are_an_error(new_talk):
    with pytest.raises(KeyError):
        new_talk(quirks="real-nobody")
