"""Relays that give keys away, refuse or let in wrongly, end wrongly, or charge wrongly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from conformance.mutants.frame_edits import event_in
from conformance.mutants.relay_behaviour import Behaviour, ClientUpgrade, RelayPrices, UpstreamUpgrade, price
from conformance.mutants.relay_mutant import RelayTable

faults = RelayTable()


def _with_clients_query(dialling: UpstreamUpgrade, asked: ClientUpgrade) -> None:
    dialling.query.update({name: value for name, value in asked.query.items() if name != "model"})


def _with_clients_subprotocols(dialling: UpstreamUpgrade, asked: ClientUpgrade) -> None:
    dialling.subprotocols += asked.subprotocols


def _with_its_query(asked: ClientUpgrade) -> str:
    return f"GET /v1/realtime?{urlencode(asked.query)}"


def _cache_forgotten(usage: Mapping[str, Any], status: str, prices: RelayPrices) -> float:
    return price({**usage, "input_token_details": {}}, status, prices)


def _free(wanted: str) -> Callable[[Mapping[str, Any], str, RelayPrices], float]:
    return lambda usage, status, prices: 0.0 if status == wanted else price(usage, status, prices)


# fmt: off
faults.rows(
    "key_in_an_error",
    ("errors-are-not-redacted", "upstream-keys-stay-out-of-events", "BerriAI/litellm#39851",
     "An error of the upstream that repeats its key reaches the client as it is.", lambda: Behaviour(redacts=False)),
)
faults.rows(
    "key_in_a_close",
    ("close-reasons-are-not-redacted", "upstream-keys-stay-out-of-close-reasons", "BerriAI/litellm#39851",
     "A close reason of the upstream that repeats its key reaches the client as it is.",
     lambda: Behaviour(redacts=False)),
)
faults.rows(
    "key_in_a_refusal",
    ("refusals-are-not-redacted", "upstream-keys-stay-out-of-refusals", "internal-detail-in-error",
     "The body of a refusal that repeats the upstream's key reaches the client as it is.",
     lambda: Behaviour(redacts=False)),
)
faults.rows(
    "wrong_key",
    ("any-key-opens-a-session", "a-wrong-key-opens-nothing", "auth-not-checked-on-ws",
     "The key of a client is not looked at.", lambda: Behaviour(lets_in=lambda _right: True)),
    ("it-dials-before-it-looks", "keys-are-checked-before-dialling", "maximhq/bifrost#7317",
     "The upstream is dialled before the client's key is looked at.", lambda: Behaviour(dials_first=True)),
    ("refusals-cost", "a-refused-session-costs-nothing", "QuantumNous/new-api#7273",
     "A client that is refused is charged the opening of a session.", lambda: Behaviour(charges_refusals=7)),
)
faults.rows(
    "unknown_model",
    ("models-are-not-looked-at", "models-are-checked-before-dialling", "key-model-acl-bypassed-by-frame",
     "The upstream is dialled before the model is looked at.", lambda: Behaviour(dials_first=True)),
)
faults.rows(
    "restricted_key",
    ("restrictions-are-looked-at-late", "models-are-checked-before-dialling", "key-model-acl-bypassed-by-frame",
     "The upstream is dialled before it is known whether the key may use the model.",
     lambda: Behaviour(dials_first=True)),
    ("restrictions-are-not-looked-at", "models-are-checked-before-dialling", "key-model-acl-bypassed-by-frame",
     "A key that may not use the model opens a session with it.", lambda: Behaviour(restricts=False)),
)
faults.rows(
    "key_in_each_style",
    ("the-query-goes-upstream", "client-keys-stay-out-of-queries", "query-key-forwarded-upstream",
     "The whole query of the client travels to the upstream.", lambda: Behaviour(dials=_with_clients_query)),
    variant="query-token",
)
faults.rows(
    "key_in_each_style",
    ("subprotocols-go-upstream", "client-keys-stay-out-of-subprotocols", "subprotocol-key-logged",
     "The subprotocols that the client offers are offered to the upstream.",
     lambda: Behaviour(dials=_with_clients_subprotocols)),
    variant="subprotocol",
)
faults.rows(
    "key_in_each_style",
    ("queries-are-logged", "keys-stay-out-of-logs", "query-key-in-access-log",
     "The log holds the path of every upgrade with its query, and so the keys of clients that offer them there.",
     lambda: Behaviour(logs=_with_its_query)),
    variant="query-token",
)
faults.rows(
    "refused_429",
    ("refused-in-silence", "upstream-refusals-are-told", "upstream-refused-but-101",
     "A client whose upstream refuses is let in and told nothing.",
     lambda: Behaviour(refuses=lambda _status, _body: None)),
    ("a-rate-limit-becomes-a-wrong-key", "refusals-keep-their-meaning", "wrong-status-for-quota-or-acl",
     "A client whose upstream is over its rate is told that its key is wrong.",
     lambda: Behaviour(refuses=lambda _status, body: (401, body))),
)
faults.rows(
    "refused_then_served",
    ("a-failure-cools-down", "one-failure-refuses-nobody-else", "BerriAI/litellm deployment cooldown",
     "After a failure of the upstream every client is refused.", lambda: Behaviour(cools_down=True)),
)
faults.rows(
    "closed_by_the_upstream",
    ("it-breaks-off", "upstream-closes-are-told", "upstream-close-lost-1006",
     "When the upstream closes, the client's connection breaks.",
     lambda: Behaviour(closes=lambda _code, _reason: "abort")),
    ("every-end-is-normal", "failures-are-no-normal-closes", "error-close-as-1000",
     "However the upstream closes, the client is told 1000.",
     lambda: Behaviour(closes=lambda _code, reason: (1000, reason))),
    ("every-end-is-1011", "close-codes-pass", "upstream-close-lost-1006",
     "However the upstream closes, the client is told 1011.",
     lambda: Behaviour(closes=lambda _code, reason: (1011, reason))),
    ("reasons-are-lost", "close-reasons-pass", "BerriAI/litellm#39851",
     "The reason of the upstream's close is lost.", lambda: Behaviour(closes=lambda code, _reason: (code or 1011, ""))),
)
faults.rows(
    "lost_upstream",
    ("clients-are-left-waiting", "a-lost-upstream-ends-the-session", "upstream-close-lost-1006",
     "When the connection to the upstream breaks, the client is told nothing.",
     lambda: Behaviour(closes=lambda _code, _reason: "keep")),
)
faults.rows(
    "closing_client",
    ("the-upstream-stays-when-a-client-closes", "a-closing-client-ends-the-upstreams-session", "session-slot-leak",
     "When the client closes, the session at the upstream stays open.",
     lambda: Behaviour(lets_go=frozenset({"dropped"}))),
)
faults.rows(
    "lost_client",
    ("the-upstream-stays-when-a-client-is-lost", "a-lost-client-ends-the-upstreams-session", "disconnect-leaves-work",
     "When the client breaks off, the session at the upstream stays open.",
     lambda: Behaviour(lets_go=frozenset({"closed"}))),
    ("hanging-up-is-free", "a-lost-client-is-charged", "BerriAI/litellm#38563",
     "A client that breaks off is charged nothing.", lambda: Behaviour(charges_lost_clients=False)),
)
faults.rows(
    "slow_client",
    ("it-hoards", "what-a-client-does-not-read-is-not-hoarded", "slow-reader-memory",
     "Whatever the upstream says is kept for a client that does not read, without bounds.",
     lambda: Behaviour(holds=math.inf)),
    ("it-loses-what-is-not-read", "a-slow-client-loses-nothing", "",
     "What a client does not read in time is lost.", lambda: Behaviour(holds=8)),
)
faults.rows(
    "late_session",
    ("it-gives-up-early", "late-sessions-are-awaited", "",
     "A client whose upstream has not spoken after half a second loses its session.",
     lambda: Behaviour(patience=0.5)),
)
faults.rows(
    "two_tenants",
    ("items-reach-everybody", "sessions-never-mix", "stale-output-to-next-client",
     "The items of a session reach every client.",
     lambda: Behaviour(broadcasts=lambda frame: str(event_in(frame).get("type")).startswith("conversation.item."))),
)
faults.rows(
    "cached_tokens",
    ("cached-tokens-at-full-price", "cached-tokens-are-charged-at-their-price", "cached-audio-full-price",
     "Tokens from the cache are charged like any other.", lambda: Behaviour(charges=_cache_forgotten)),
)
faults.rows(
    "charged_later",
    ("charged-again-when-settled", "usage-is-charged-once", "QuantumNous/new-api#7273",
     "Half a second after its end a session is charged once more.", lambda: Behaviour(charges_again_after=0.5)),
)
faults.rows(
    "cancelled_response",
    ("cancelling-is-free", "cancelled-responses-are-charged", "hangup-mid-turn-free",
     "A cancelled response is charged nothing.", lambda: Behaviour(charges=_free("cancelled"))),
)
faults.rows(
    "failed_response",
    ("failing-is-free", "failed-responses-are-charged-as-reported", "",
     "A failed response is charged nothing.", lambda: Behaviour(charges=_free("failed"))),
)
faults.rows(
    "transcribed_input",
    ("transcription-is-free", "transcription-is-charged", "transcription-unbilled",
     "The transcription of input is charged nothing.", lambda: Behaviour(charges=_free("transcribed"))),
)
# fmt: on
