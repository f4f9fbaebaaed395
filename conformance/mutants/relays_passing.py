"""Relays that lose, repeat, change, delay or make up what passes through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.mutants.frame_edits import (
    adding,
    as_text,
    changing,
    in_ascii,
    is_of,
    losing,
    losing_one,
    repeating,
    shorter_than,
    stripping,
    swapping,
)
from conformance.mutants.relay_behaviour import Behaviour, ClientUpgrade, RelayPrices, UpstreamUpgrade, price
from conformance.mutants.relay_mutant import RelayTable

faults = RelayTable()

TEXT = is_of("response.output_text.delta", "response.text.delta")
APPEND = is_of("input_audio_buffer.append")
SAYS = is_of("conversation.item.create")
UPDATED = is_of("session.updated")
DONE = is_of("response.done")
KNOWN = ("session.", "conversation.", "response.", "input_audio_buffer.", "rate_limits.", "error")


def _unknown(event: dict[str, Any]) -> bool:
    return bool(event) and not str(event.get("type")).startswith(KNOWN)


def _louder(event: dict[str, Any]) -> None:
    event["delta"] = event["delta"].upper() + "!"


def _other_words(event: dict[str, Any]) -> None:
    event["item"]["content"][0]["text"] += " Be brief."


def _uncounted(event: dict[str, Any]) -> None:
    event["response"]["usage"]["total_tokens"] = 0


def _with_clients_header(dialling: UpstreamUpgrade, asked: ClientUpgrade) -> None:
    given = {name.lower(): value for name, value in asked.headers}
    if "authorization" in given:
        dialling.headers["X-Forwarded-Authorization"] = given["authorization"]


def _other_revision(dialling: UpstreamUpgrade, _asked: ClientUpgrade) -> None:
    if dialling.headers.pop("OpenAI-Beta", None) is None:
        dialling.headers["OpenAI-Beta"] = "realtime=v1"


def _input_only(usage: Mapping[str, Any], status: str, prices: RelayPrices) -> float:
    return price({**usage, "output_tokens": 0}, status, prices)


# fmt: off
faults.rows(
    "text_turn",
    ("an-event-is-lost", "upstream-events-arrive", "event-dropped-on-parse-error",
     "The third delta of a text never reaches the client.", lambda: Behaviour(down=losing_one(TEXT, 3))),
    ("an-event-comes-twice", "upstream-events-arrive-once", "session-created-twice",
     "`response.done` reaches the client twice.", lambda: Behaviour(down=repeating(DONE))),
    ("two-deltas-change-places", "upstream-events-keep-their-order", "late-delta-after-cancel",
     "The first delta of a text comes after the second.", lambda: Behaviour(down=swapping(TEXT))),
    ("deltas-are-rewritten", "upstream-events-are-unchanged", "guardrail rewrites",
     "The deltas of a text reach the client in other words.", lambda: Behaviour(down=changing(TEXT, _louder))),
    ("usage-is-rewritten", "usage-passes-unchanged", "usage-sum-wrong",
     "The client is told that no tokens were used.", lambda: Behaviour(down=changing(DONE, _uncounted))),
    ("an-event-is-made-up", "nothing-is-said-in-the-upstreams-name", "BerriAI/litellm synthesised events",
     "The client hears of rate limits that the upstream never told.",
     lambda: Behaviour(down=adding(UPDATED, {
         "type": "rate_limits.updated", "event_id": "event_made_up", "rate_limits": [],
     }))),
    ("a-response-is-asked-for", "no-response-is-asked-for-unasked", "BerriAI/litellm#31726",
     "After each item of the client the relay asks for a response.",
     lambda: Behaviour(up=adding(SAYS, {"type": "response.create"}))),
    ("a-session-update-is-injected", "no-session-update-is-injected", "BerriAI/litellm#31726",
     "The relay begins with a session update of its own.",
     lambda: Behaviour(greets=('{"type": "session.update", "session": {"type": "realtime"}}',))),
    ("the-buffer-is-cleared", "nothing-else-is-injected", "",
     "The relay begins with a clear of its own.", lambda: Behaviour(greets=('{"type": "input_audio_buffer.clear"}',))),
    ("words-are-put-into-the-clients-mouth", "client-events-are-unchanged", "",
     "What the client says reaches the upstream with an addition.",
     lambda: Behaviour(up=changing(SAYS, _other_words))),
    ("the-alias-goes-upstream", "models-are-mapped", "alias-not-rewritten",
     "The upstream is asked for the model by the client's name for it.", lambda: Behaviour(maps_models=False)),
    ("150-ms-are-added", "added-latency-is-small", "relays that poll",
     "Every event reaches the client 150 ms late.", lambda: Behaviour(delay=0.15)),
    ("deltas-come-in-pairs", "deltas-are-not-batched", "deltas-batched-by-proxy",
     "The deltas of the upstream reach the client two at a time.", lambda: Behaviour(batch=2)),
    ("clients-pings-are-ignored", "pings-of-clients-are-answered", "keepalive-missing",
     "A ping of the client is not answered.", lambda: Behaviour(pongs_client=False)),
    ("the-upstreams-pings-are-ignored", "pings-of-the-upstream-are-answered", "keepalive-missing",
     "A ping of the upstream is not answered.", lambda: Behaviour(pongs_upstream=False)),
    ("the-upstreams-key-in-a-header", "upstream-keys-stay-out-of-headers", "provider-key-visible",
     "The answer to the client's upgrade has a header with the upstream's key.",
     lambda: Behaviour(answer_headers={"x-upstream-authorization": "Bearer {key}"})),
    ("the-clients-key-in-a-header", "client-keys-stay-out-of-headers", "query-key-forwarded-upstream",
     "All headers of the client travel to the upstream, its key under another name.",
     lambda: Behaviour(dials=_with_clients_header)),
    ("half-is-charged", "the-charge-is-the-reported-usage", "zero-cost-session",
     "Only the input is charged.", lambda: Behaviour(charges=_input_only)),
    ("all-is-charged-twice", "usage-is-charged-once", "QuantumNous/new-api#7273",
     "Every usage is charged twice.",
     lambda: Behaviour(charges=lambda usage, status, prices: 2 * price(usage, status, prices))),
)
faults.rows(
    "text_turn",
    ("beta-is-forced", "the-upstream-is-asked-for-the-clients-revision", "BerriAI/litellm#18969",
     "The upstream is asked for another revision than the client speaks.", lambda: Behaviour(dials=_other_revision)),
)
faults.rows(
    "one_revision",
    ("a-revision-that-is-gone-is-asked-for", "the-upstream-is-asked-for-a-revision-it-speaks",
     "QuantumNous/new-api adaptor.go", "An upstream of one revision is asked for the other one.",
     lambda: Behaviour(dials=_other_revision)),
)
faults.rows(
    "input_audio",
    ("an-append-is-lost", "client-events-arrive", "",
     "The second piece of sound never reaches the upstream.", lambda: Behaviour(up=losing_one(APPEND))),
    ("an-append-comes-twice", "client-events-arrive-once", "",
     "The first piece of sound reaches the upstream twice.", lambda: Behaviour(up=repeating(APPEND))),
    ("appends-change-places", "client-events-keep-their-order", "",
     "The first piece of sound reaches the upstream after the second.", lambda: Behaviour(up=swapping(APPEND))),
)
faults.rows(
    "unknown_event",
    ("unknown-events-are-lost", "unknown-events-pass", "event-dropped-on-parse-error",
     "Events of types that the relay does not know are lost.", lambda: Behaviour(down=losing(_unknown))),
)
faults.rows(
    "unknown_fields",
    ("unknown-fields-are-stripped", "unknown-fields-pass", "QuantumNous/new-api dto/realtime.go",
     "Fields that the relay does not know are lost.", lambda: Behaviour(down=stripping("x_vendor"))),
)
faults.rows(
    "unknown_client_fields",
    ("unknown-client-fields-are-stripped", "unknown-client-fields-pass", "QuantumNous/new-api dto/realtime.go",
     "Fields of the client that the relay does not know are lost.", lambda: Behaviour(up=stripping("x_vendor"))),
)
faults.rows(
    "words_beyond_ascii",
    ("words-become-question-marks", "words-beyond-ascii-pass", "BerriAI/litellm#36151",
     "What is beyond ASCII reaches the client as question marks.", lambda: Behaviour(down=in_ascii)),
)
faults.rows(
    "large_event",
    ("large-events-are-lost", "large-events-pass", "message-size-limit-low",
     "Events of a mebibyte and more are lost.", lambda: Behaviour(down=shorter_than(2**20))),
)
faults.rows(
    "binary_frame",
    ("binary-becomes-text", "frame-kinds-are-kept", "binary-frame-retyped",
     "A binary frame is passed on as text.", lambda: Behaviour(down=as_text)),
)
faults.rows(
    "error_event",
    ("errors-are-swallowed", "errors-pass", "upstream-error-swallowed",
     "Errors of the upstream never reach the client.", lambda: Behaviour(down=losing(is_of("error")))),
)
# fmt: on
