"""Deviations that are known from the field: what many findings have in common, and its cure.

`behind` recognises them, and `folded` puts them on the findings as a hint.
`folded` also keeps one mistake from being told a hundred times: where an endpoint speaks another revision's names,
every rule that waits for the right name misses it.  So the trace is judged again as if the foreign names had
been spelled right; what is still found then is wrong by itself, and the names themselves are told once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from conformance.rules.causes import SCHEMA
from conformance.rules.engine.dispatch import Dispatched
from conformance.rules.engine.rule import Finding
from conformance.rules.peculiarities import (
    born_incomplete,
    constant_ids,
    done_for_each_item,
    echoed_ids,
    errors_like,
    foreign_session,
    has_its_code_in_type,
    no_item_done,
    of_type,
    session_outside,
    settings_not_shown,
    status_details_as_text,
    usage_beside,
    with_usage_keys,
    without_ids,
)
from conformance.rules.respelling import BINARY, RENAMED, respelled
from conformance.rules.reused_ids import CREATED_AGAIN, beyond_judging, entangled, with_own_ids
from conformance.trace.frames import Frame
from conformance.trace.views import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known deviation, as one conversation shows it."""

    id: str
    explanation: str
    """One line: what the endpoint does, and the cure."""
    source: str
    """Where it was seen in the field."""
    rules: tuple[str, ...]
    """Ids, or chapters ending in a dot, of the rules whose findings it explains."""
    indices: frozenset[int]
    """The entries that show it."""
    paths: tuple[str, ...] = ("",)
    """Where in the event; a finding that points elsewhere comes of something else."""

    def explains(self, rule_id: str, finding: Finding) -> bool:
        """Return whether a finding comes of it."""
        here = not finding.path or finding.path.startswith(self.paths)
        return here and finding.index in self.indices and rule_id.startswith(self.rules)


@dataclass(frozen=True, slots=True)
class _Known:
    """One row of the table."""

    id: str
    explanation: str
    source: str
    rules: tuple[str, ...]
    shown_by: Callable[[View], Iterator[Frame]]
    paths: tuple[str, ...] | Callable[[View], tuple[str, ...]] = ("",)

    def seen_in(self, view: View) -> Deviation:
        """Look for it in one conversation."""
        indices = frozenset(frame.index for frame in self.shown_by(view))
        paths = self.paths(view) if callable(self.paths) else self.paths
        return Deviation(self.id, self.explanation, self.source, self.rules, indices, paths)


def behind(view: View, found: Sequence[tuple[str, Finding]]) -> tuple[Deviation, ...]:
    """Return the known deviations that at least one of these findings (after the ids of their rules) comes of."""
    if not found:
        return ()
    shown = (each.seen_in(view) for each in KNOWN)
    return tuple(each for each in shown if any(each.explains(*finding) for finding in found))


def told_once(view: View, judge_view: Callable[[View], Dispatched]) -> Dispatched:
    """Return what *judge_view* says of a conversation, `folded`."""
    return folded(view, judge_view(view), judge_view)


def folded(view: View, outcome: Dispatched, judge_view: Callable[[View], Dispatched]) -> Dispatched:
    """Return the *outcome* with what one deviation explains told once, and a hint on what is known from the field.

    Where events came under another revision's names, *judge_view* judges the rest as if every name were this
    revision's; where they came in binary frames, as if these were text; where a response has the id of an earlier one,
    as if it had its own.
    """
    told: set[str] = set()
    for tellers, mended in MENDED:
        shown = outcome.findings.keys() & tellers
        if shown and (other := mended(view)) is not view:
            told |= shown
            outcome = _told_and_rest(outcome, judge_view(other), told)
            view = other
    found = outcome.findings
    if found and (beyond := entangled(view)):
        left = {name: [each for each in all_ if not beyond_judging(name, each, beyond)] for name, all_ in found.items()}
        found = {name: each for name, each in left.items() if each}
        outcome = replace(outcome, findings=found)
    deviations = behind(view, [(name, each) for name, all_ in found.items() for each in all_])
    if not deviations:
        return outcome
    hinted = {name: [_with_hint(name, each, deviations) for each in all_] for name, all_ in found.items()}
    return Dispatched(hinted, outcome.held, outcome.errors)


def _told_and_rest(first: Dispatched, again: Dispatched, told: Collection[str]) -> Dispatched:
    """Return what was *told* at *first*, and the rest as it is judged *again*."""

    def joined(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T]:
        kept = {name: each for name, each in old.items() if name in told}
        return kept | {name: each for name, each in new.items() if name not in told}

    return Dispatched(joined(first.findings, again.findings), joined(first.held, again.held), again.errors)


def _with_hint(rule_id: str, finding: Finding, deviations: Iterable[Deviation]) -> Finding:
    """Return a finding that says which known deviation it comes of, if any; the first of the table speaks."""
    known = next((each for each in deviations if each.explains(rule_id, finding)), None)
    return replace(finding, hint=f"{known.explanation} Seen with: {known.source}.") if known else finding


#: Rules that tell one mistake which many others would repeat -> the conversation as if it had not been made.
MENDED: tuple[tuple[frozenset[str], Callable[[View], View]], ...] = (
    (frozenset({RENAMED, BINARY}), respelled),
    (frozenset({CREATED_AGAIN}), with_own_ids),
)

#: The known deviations; of two that explain a finding, the first does.
KNOWN: tuple[_Known, ...] = (
    _Known(
        "foreign-session",
        "The session has the other revision's shape (beta flat, `ga` nested); translate it too.",
        "xAI; LiteLLM issue 14887",
        (SCHEMA, "session.created-shows", "session.updated-shows", "session.an-update-takes-effect"),
        foreign_session,
        settings_not_shown,
    ),
    _Known(
        "session-without-object",
        "`session.created` has no `session` object: this is vLLM's own protocol, not Realtime.",
        "vLLM /v1/realtime",
        (SCHEMA, "envelope.has-the-fields-clients-need", "session."),
        session_outside,
        ("/session",),
    ),
    _Known(
        "plural-usage-keys",
        "Usage is spelled as in the Responses API; here it is `input_token_details`.",
        "LiteLLM pull request 38419; Qwen",
        ("usage.", "metering.", SCHEMA),
        with_usage_keys("input_tokens_details", "output_tokens_details"),
        ("/response/usage", "/usage"),
    ),
    _Known(
        "chat-usage",
        "Usage is spelled as in Chat Completions; here it is `input_tokens`, `output_tokens`.",
        "vLLM /v1/realtime",
        ("usage.", "metering.", SCHEMA),
        with_usage_keys("prompt_tokens", "completion_tokens"),
        ("/response/usage", "/usage"),
    ),
    _Known(
        "usage-beside-the-response",
        "`usage` lies beside the response in `response.done`; clients read `response.usage`.",
        "xAI",
        ("usage.completed-has-usage", "metering.", SCHEMA),
        usage_beside,
        ("/response/usage",),
    ),
    _Known(
        "no-event-ids",
        "Events have no `event_id`; give each a fresh one where frames are written.",
        "LocalAI, vLLM",
        (SCHEMA, "envelope."),
        without_ids,
        ("/event_id",),
    ),
    _Known(
        "constant-event-ids",
        "One `event_id` comes again and again, like a placeholder; make a fresh one for each event.",
        "LocalAI (`event_TODO`), new-api (`evt_<request id>`)",
        ("envelope.event-ids-are-unique",),
        constant_ids,
    ),
    _Known(
        "echoed-event-ids",
        "The client's `event_id` comes back as the server's; it belongs into `error.event_id` only.",
        "LocalAI",
        (
            "envelope.event-ids-are-its-own",
            "envelope.event-ids-are-unique",
            "session.updated-has-its-own-event-id",
        ),
        echoed_ids,
    ),
    _Known(
        "error-as-text",
        "`error` is a string; it has to be an object of type, code, message, param and event_id.",
        "vLLM",
        (SCHEMA, "errors.", "envelope.has-the-fields-clients-need"),
        lambda view: errors_like(view, lambda error: isinstance(error, str)),
        ("/error",),
    ),
    _Known(
        "error-code-in-type",
        "The error's identifier is in `type`; it belongs into `code`, beside a class of error.",
        "Hugging Face speech-to-speech",
        ("errors.", "response_create.", "cancel.", "input_audio.empty-commit-has-its-code"),
        lambda view: errors_like(view, has_its_code_in_type),
    ),
    _Known(
        "response-cancelled",
        "`response.cancelled` is no event; `response.done` has the status `cancelled` instead.",
        "aimock, GLM-Realtime; an old Azure reference",
        ("envelope.types-are-documented", "cancel.", "ordering."),
        of_type("response.cancelled"),
    ),
    _Known(
        "heartbeat",
        "An event of the application keeps the connection alive; WebSocket has pings for that.",
        "xAI (`ping`), GLM-Realtime (`heartbeat`)",
        ("envelope.types-are-documented", "envelope.events-have-an-id"),
        of_type("ping", "heartbeat"),
    ),
    _Known(
        "status-details-as-text",
        "`status_details` is a string; it is null, or an object whose `type` is the status.",
        "xAI (`unimplemented`)",
        (SCHEMA, "response."),
        status_details_as_text,
        ("/response/status_details",),
    ),
    _Known(
        "done-for-each-item",
        "`response.done` comes for each output item; it has to come once, when the whole response is over.",
        "speaches",
        ("ordering.response-done",),
        done_for_each_item,
    ),
    _Known(
        "born-incomplete",
        "A response is `incomplete` while it begins; it is `in_progress` until its `response.done`.",
        "speaches",
        ("response.created-is-in-progress",),
        born_incomplete,
    ),
    _Known(
        "no-item-done",
        "No item of this conversation gets its `conversation.item.done`; `ga` clients wait for it after each.",
        "LocalAI, xAI",
        ("items.every-item-gets-done",),
        no_item_done,
    ),
)
