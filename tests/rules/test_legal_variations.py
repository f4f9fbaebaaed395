"""What an endpoint may do differently: the reference's conversations, changed within the protocol, stay without fault.

Each variation takes a trace of the bundled library and gives another that no source forbids.
No MUST rule may find anything in it, and what the scenario promises stays proven.
"""

import json
from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.schemas import schemas_for
from conformance.mutants.rehearsal import rehearse
from conformance.resources import folder
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import Keyword
from conformance.run.ruling import rule_on
from conformance.scenario.load import load
from conformance.trace.trace import Direction, Entry
from conformance.trace.views import View

MUSTS = tuple(rule for rule in RULES.values() if rule.keyword is Keyword.MUST)
DELTAS = ("text.delta", "transcript.delta", "arguments.delta")
SESSION = ("session.created", "session.updated", "transcription_session.created", "transcription_session.updated")
#: Optional by the schema, demanded by the words of the documents.
DEMANDED = (
    "/session",
    "/response/status_details",
    "/response/status",
    "/response/usage",
    "/error",
    "/type",
    "/event_id",
)
#: Fields whose absence, or null, says something: which item, at the beginning, no audio.
HAVE_A_MEANING = ("id", "item_id", "call_id", "conversation_id", "previous_item_id", "audio")


def played():
    """Return (scenario id, dialect, traces, promised rules that they prove) of each conversation with the reference."""
    found = []
    for path in sorted(folder("scenarios").rglob("*.yaml")):
        scenario = load(path)
        for dialect in sorted(scenario.dialects):
            traces = rehearse(scenario, dialect).traces
            if any(len(trace) > 1 for trace in traces):
                told = judged(traces)
                proven = {name for name in told.keys() & set(scenario.proves) if told[name].verdict is Verdict.PASS}
                found.append((scenario.id, dialect, traces, proven))
    return found


@pytest.fixture(scope="module")
def library():
    return played()


def judged(traces):
    """Return {rule id: ruling} over all traces of one conversation."""
    return rule_on(tuple(View(trace, DIALECTS[trace.dialect]) for trace in traces), MUSTS, {})


# Tools.  A variation is a function from a list of entries and a dialect to another list.


def each_event(change):
    """Return the variation that changes every event of the server: `change(event, dialect)` gives it, None omits it."""

    def vary(entries, dialect):
        varied = []
        for entry in entries:
            if entry.sent or entry.event is None:
                varied.append(entry)
            elif (event := change(json.loads(json.dumps(entry.event)), dialect)) is not None:
                varied.append(replace(entry, event=event))
        return varied

    return vary


def server(event, like):
    return Entry(0, Direction.SERVER, like.at, event=event)


def places(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from places(inner, (*path, position))


def parent_of(event, path):
    for step in path[:-1]:
        event = event[step]
    return event


def optional_places(event, dialect):
    """Yield the places of the fields that the schema does not require, innermost first; one at a time they may go."""
    schemas = schemas_for(dialect)
    for path in sorted(places(event), key=len, reverse=True):
        pointer = "/" + "/".join(map(str, path))
        if pointer.startswith(DEMANDED) or isinstance(path[-1], int) or path[-1] in HAVE_A_MEANING:
            continue
        kept = parent_of(event, path).pop(path[-1])
        if schemas.problems(Direction.SERVER, event):
            parent_of(event, path)[path[-1]] = kept
        else:
            yield path, kept


def without_optional_fields(event, dialect):
    if event["type"] in schemas_for(dialect).types(Direction.SERVER):
        for _ in optional_places(event, dialect):
            pass
    return event


def null_for_optional_fields(event, dialect):
    if event["type"] in schemas_for(dialect).types(Direction.SERVER):
        gone = [path for path, _ in optional_places(event, dialect)]
        outer = [path for path in gone if not any(path[: len(each)] == each for each in gone if len(each) < len(path))]
        for path in outer:
            parent_of(event, path)[path[-1]] = None
    return event


def unknown_fields(event, _dialect):
    event["x_vendor"] = {"region": "eu"}
    for value in list(event.values()):
        if isinstance(value, dict):
            value["x_vendor"] = ["a", 1]
    return event


def without_the_names_of_refused_events(event, _dialect):
    if event["type"] == "error":
        event["error"]["event_id"] = None
    return event


def without_nulls_in_the_session(event, _dialect):
    if event["type"] in SESSION:
        event["session"] = without_nulls(event["session"])
    return event


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def items_announced_with_few_fields(event, _dialect):
    if event["type"] in ("conversation.item.added", "conversation.item.created", "response.output_item.added"):
        kept = ("id", "type", "role", "content", "call_id", "name", "arguments", "output", "server_label", "tools")
        event["item"] = {key: event["item"][key] for key in kept if key in event["item"]}
    return event


def no_predecessor(event, _dialect):
    if event.get("previous_item_id", "") is None:
        del event["previous_item_id"]
    return event


def usage_in_both_spellings(event, _dialect):
    usage = event.get("response", {}).get("usage")
    if isinstance(usage, dict):
        usage.update(
            {name.replace("_token_", "_tokens_"): usage[name] for name in list(usage) if name.endswith("_details")}
        )
    return event


def reasoning_beside_the_output(event, _dialect):
    usage = event.get("response", {}).get("usage")
    if isinstance(usage, dict) and event["response"]["status"] == "completed":
        usage["output_tokens"] += 7
        usage["total_tokens"] += 7
        usage.setdefault("output_token_details", {})["reasoning_tokens"] = 7
    return event


def errors_of_few_words(event, _dialect):
    error = (event.get("response", {}).get("status_details") or {}).get("error")
    if isinstance(error, dict):
        error.pop("type", None)
        error["message"] = "It failed."
    return event


def no_argument_deltas(event, _dialect):
    return None if event["type"] == "response.function_call_arguments.delta" else event


def responses_of_the_first_revision(event, _dialect):
    if event["type"] in ("response.created", "response.done"):
        kept = ("id", "object", "status", "status_details", "output", "usage")
        event["response"] = {key: event["response"][key] for key in kept if key in event["response"]}
    return event


def responses_without_metadata_and_modalities(event, _dialect):
    for key in ("metadata", "modalities", "output_modalities"):
        event.get("response", {}).pop(key, None)
    return event


def no_rate_limits(event, _dialect):
    return None if event["type"] == "rate_limits.updated" else event


def no_conversation_created(event, _dialect):
    return None if event["type"] == "conversation.created" else event


def with_other_ids(entries, _dialect):
    """Replace the endpoint's ids by others that begin with nothing."""
    made = json.dumps([entry.event for entry in entries if not entry.sent and entry.event is not None])
    sent = json.dumps([entry.event for entry in entries if entry.sent])
    names = {
        value
        for name in ("id", "event_id", "item_id", "response_id", "call_id", "conversation_id", "previous_item_id")
        for value in values_of(json.loads(made), name)
        if not begins_by_client(value, sent)
    }
    other = {name: f"{number:08x}-0000-4000-8000-000000000000" for number, name in enumerate(sorted(names))}
    return [entry if entry.event is None else replace(entry, event=renamed(entry.event, other)) for entry in entries]


def begins_by_client(value, sent):
    return not value.startswith(("event_", "resp_", "item_", "call_", "sess_", "conv_")) or f'"id": "{value}"' in sent


def values_of(value, name):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, str):
                yield inner
            yield from values_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from values_of(inner, name)


def renamed(value, other):
    if isinstance(value, dict):
        return {key: renamed(inner, other) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, other) for inner in value]
    return other.get(value, value) if isinstance(value, str) else value


def stream_of(event):
    return event["type"], event.get("response_id"), event.get("item_id"), event.get("content_index")


def one_delta_a_stream(entries, _dialect):
    """Put the whole of every text stream into its first delta."""
    first, varied = {}, []
    for entry in entries:
        event = entry.event or {}
        if entry.sent or not str(event.get("type")).endswith(DELTAS) or not isinstance(event.get("delta"), str):
            varied.append(entry)
        elif stream_of(event) in first:
            whole = varied[first[stream_of(event)]]
            whole.event["delta"] += event["delta"]
        else:
            first[stream_of(event)] = len(varied)
            varied.append(replace(entry, event=dict(event)))
    return varied


def a_delta_a_character(entries, _dialect):
    varied = []
    for entry in entries:
        event = entry.event or {}
        if entry.sent or not str(event.get("type")).endswith(DELTAS) or not event.get("delta"):
            varied.append(entry)
            continue
        varied += [
            server({**event, "event_id": f"{event['event_id']}{number}", "delta": letter}, entry)
            for number, letter in enumerate(event["delta"])
        ]
    return varied


def unknown_events(entries, _dialect):
    varied = []
    for number, entry in enumerate(entries):
        varied.append(entry)
        if number and not entry.sent and entry.type != "session.closed":  # nothing comes after that
            varied.append(server({"type": "vendor.heartbeat", "event_id": f"beat_{number}"}, entry))
    return varied


def both_names_of_an_announcement(entries, dialect):
    varied = []
    for entry in entries:
        varied.append(entry)
        if dialect == "ga" and entry.type == "conversation.item.added":
            event = {**entry.event, "type": "conversation.item.created", "event_id": f"{entry.event['event_id']}too"}
            varied.append(server(event, entry))
    return varied


def swapped(first, second):
    """Return the variation that exchanges two neighbours, the first of one type and the other of another."""

    def vary(entries, dialect):
        names = [DIALECTS[dialect].wire_name(kind) for kind in (first, second)]
        varied = list(entries)
        for at in range(len(varied) - 1):
            if [varied[at].type, varied[at + 1].type] == names:
                varied[at], varied[at + 1] = varied[at + 1], varied[at]
        return varied

    return vary


def rate_limits_at_the_end(entries, _dialect):
    late = [entry for entry in entries if entry.type == "rate_limits.updated"]
    return [*(entry for entry in entries if entry.type != "rate_limits.updated"), *late]


EVENTS = (
    without_optional_fields,
    null_for_optional_fields,
    unknown_fields,
    without_the_names_of_refused_events,
    without_nulls_in_the_session,
    items_announced_with_few_fields,
    no_predecessor,
    usage_in_both_spellings,
    reasoning_beside_the_output,
    errors_of_few_words,
    no_argument_deltas,
    responses_of_the_first_revision,
    responses_without_metadata_and_modalities,
    no_rate_limits,
    no_conversation_created,
)
TEXT_DONE, PART_DONE = "response.output_text.done", "response.content_part.done"
AUDIO_DONE, TRANSCRIPT_DONE = "response.output_audio.done", "response.output_audio_transcript.done"
VARIATIONS = {
    **{change.__name__: each_event(change) for change in EVENTS},
    **{
        vary.__name__: vary
        for vary in (
            with_other_ids,
            one_delta_a_stream,
            a_delta_a_character,
            unknown_events,
            both_names_of_an_announcement,
            rate_limits_at_the_end,
        )
    },
    "announced_before_output_item": swapped("response.output_item.added", "conversation.item.added"),
    "joined_before_done": swapped("response.output_item.done", "conversation.item.done"),
    "done_before_joined": swapped("conversation.item.done", "response.output_item.done"),
    "audio_ends_first": swapped(TRANSCRIPT_DONE, AUDIO_DONE),
    "audio_ends_last": swapped(AUDIO_DONE, TRANSCRIPT_DONE),
    "limits_before_created": swapped("response.created", "rate_limits.updated"),
}
#: Rules that a variation breaks indeed.
BROKEN = {"without_the_names_of_refused_events": {"errors.name-the-event-they-refuse"}}
#: Variations that leave so much out that nothing is left to prove.
BARE = ("without_optional_fields", "null_for_optional_fields")


def varied(trace, vary):
    entries = vary([replace(entry) for entry in trace.entries], trace.dialect)
    return replace(trace, entries=tuple(replace(entry, index=index) for index, entry in enumerate(entries)))


def test_the_reference_itself_is_without_fault(library):
    assert misjudged(library, "as it is", lambda entries, _dialect: entries) == ({}, {})


def misjudged(library, name, vary):
    """Return what a variation brings about: MUST findings, and promises that are no longer proven, by rule."""
    faults, unproven = {}, {}
    for scenario, dialect, traces, proven in library:
        for rule, ruling in judged([varied(trace, vary) for trace in traces]).items():
            if ruling.verdict in (Verdict.FAIL, Verdict.ERROR) and rule not in BROKEN.get(name, ()):
                faults.setdefault(rule, (scenario, dialect, ruling.findings[:1] or ruling.reason))
            elif ruling.verdict is Verdict.UNPROVEN and rule in proven and name not in BARE:
                unproven.setdefault(rule, (scenario, dialect))
    return faults, unproven


@pytest.mark.legal
@pytest.mark.parametrize("name", VARIATIONS)
def test_a_legal_variation_breaks_no_rule_and_leaves_nothing_unproven(library, name):
    assert misjudged(library, name, VARIATIONS[name]) == ({}, {})


@pytest.mark.parametrize("name", BARE)
def test_what_no_source_requires_may_be_left_out(library, name):
    assert misjudged(library, name, VARIATIONS[name]) == ({}, {})


def test_all_variations_that_go_together_break_no_rule_and_leave_nothing_unproven(library):
    together = [vary for name, vary in VARIATIONS.items() if name not in (*BARE, *BROKEN)]

    def every(entries, dialect):
        for vary in together:
            entries = vary(entries, dialect)
        return entries

    assert misjudged(library, "together", every) == ({}, {})
