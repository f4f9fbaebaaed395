"""Whatever an endpoint sends: it is played, recorded, written, read again, judged and told by every report."""

import asyncio
import copy
import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.contract.revisions.ga import GA
from conformance.mutants.rehearsal import rehearse
from conformance.play.connection import Disconnected
from conformance.play.player import Player
from conformance.play.target import Patience, Target
from conformance.report.allure import attachment
from conformance.report.inert import ACTIVE
from conformance.report.ladder import ladder_html, ladder_svg
from conformance.report.raw_frame import end_text, frame_text, handshake_text
from conformance.report.terminal import summary
from conformance.report.text import finding_text, stopped_text
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.run.baseline import PLAYS
from conformance.run.record import ConversationRecord
from conformance.run.recording import record_of
from conformance.run.result import result_of
from conformance.run.ruling import judge_conversation
from conformance.run.settings import Settings
from conformance.scenario.audio import clip
from conformance.scenario.load import loads
from conformance.secrets import Scrubber
from conformance.trace import json_text
from conformance.trace.jsonl import dumps
from conformance.trace.jsonl import loads as read
from conformance.trace.trace import Direction, Handshake
from tests.records import whole_report

KEY = "sk-canary-0123456789abcdef"
TARGET = Target("ws://test/v1/realtime", GA, KEY, patience=Patience(answer=0.001, first_event=0.001, conversation=5))
TURN = """\
scenario: A text turn
steps:
  - connect
  - configure: {modalities: text}
  - say: Say hello.
  - respond
  - await: response.done
"""
TYPES = [*sorted(GA.server_events), "", "no.such.event"]
TEXTS = st.sampled_from(["", "a", KEY, KEY[:15], "\ud800", "\x1b[2J\x00\r\n", "\u202e", "completed"]) | st.text(
    max_size=8
)
NUMBERS = st.sampled_from([0, 1, -1, 2**63, 2**64 - 1, 2**70, 10**400, 1e308, 1.5, -0.0]) | st.integers(-3, 40)
VALUES = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
NAMES = """
    event_id session response response_id item item_id delta error code message usage output content part status id
    output_index content_index previous_item_id rate_limits
"""
FIELDS = st.sampled_from(NAMES.split())
EVENTS = st.builds(
    lambda kind, fields: json.dumps({"type": kind, **fields}),
    st.sampled_from(TYPES) | VALUES,
    st.dictionaries(FIELDS, VALUES | st.dictionaries(FIELDS, VALUES, max_size=4), max_size=5),
)
ODD = st.sampled_from(["", "{", "[]", "null", '{"a": NaN}', "[" * 2000, '{"type":' + "[" * 900 + "]" * 900 + "}"])
FRAMES = EVENTS | VALUES.map(json.dumps) | ODD | st.text(max_size=20) | st.binary(max_size=20)


class Scripted:
    """A connection on which the endpoint says what it was told, one frame a wait, and then closes."""

    handshake = Handshake(
        "ws://test/v1/realtime", "bearer", status=101, response_headers={KEY: KEY, "server": "\x1b[2J"}
    )

    def __init__(self, frames, reason):
        self.frames, self.reason, self.clock = list(frames), reason, 0.0

    async def connect(self, _ask):
        return self

    def now(self):
        self.clock += 0.001
        return self.clock

    async def send(self, _frame):
        return

    async def receive(self, _within):
        if self.frames:
            return self.frames.pop(0)
        raise Disconnected(4000, self.reason)

    async def close(self, code=1000, reason=""):
        return Disconnected(code, reason, by_client=True)

    async def drop(self):
        return


def told_of(frames, reason=""):
    """Play, and return everything that a run makes of it, as one text."""
    scrub = Scrubber((KEY,))
    player = Player(Scripted(frames, reason), TARGET, scrub, clip)
    conversation = asyncio.run(player.play(loads(TURN, Path("t.yaml"))))
    judged = judge_conversation(conversation, RULES.values(), scrub=scrub)
    record = record_of(judged, Path(), frozenset({PLAYS, "keeps-every-other-rule"}))
    written = json_text.dumps(record.as_data())
    assert ConversationRecord.from_data(json_text.loads(written)) == record
    options = Settings(target=TARGET, scrub=scrub)
    result = result_of({record.conversation: record}, options)
    lines = []
    summary(Lines(lines), result)
    shown = [*lines, *(finding_text(each, "t") for each in judged.rulings.values() if each.findings)]
    shown.append(stopped_text(judged.conversation, "t"))
    for trace in judged.conversation.traces:
        stored = dumps(trace)
        assert len(read(stored)) == len(trace)
        shown += [ladder_html(trace), ladder_svg(trace), *map(frame_text, trace), handshake_text(trace.handshake)]
        shown += [end_text(trace.end)]
        lines += [stored.decode(), attachment(trace)]
    errors = [(each.rule.id, each.reason) for each in judged.rulings.values() if each.verdict is Verdict.ERROR]
    everything = "\n".join([*shown, *lines, written.decode(), json_text.dumps(whole_report(result)).decode()])
    return everything, "\n".join(shown), errors


class Lines:
    """A terminal that keeps its lines."""

    verbosity = 1

    def __init__(self, lines):
        self.lines = lines

    def write_line(self, line, **_markup):
        self.lines.append(line)

    def write_sep(self, _sep, title=None, _fullwidth=None, **_markup):
        self.lines.append(title or "")


def holds(frames, reason=""):
    everything, shown, errors = told_of(frames, reason)

    assert errors == []
    assert KEY not in everything
    assert KEY[:15] not in re.sub(r'"event": .*', "", shown) or KEY[:15] in "".join(map(str, frames))
    assert ACTIVE.findall(shown) == []


@cache
def real_frames():
    """Return what the reference says in a turn."""
    (trace,) = rehearse(loads(TURN, Path("t.yaml")), "ga").traces
    return [entry.event for entry in trace if entry.direction is Direction.SERVER]


@st.composite
def mutated(draw):
    """Draw the frames of a real turn of which some fields hold something else, are gone, or have another name."""
    events = copy.deepcopy(real_frames())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(events))
        while True:
            name = draw(st.sampled_from(sorted(place, key=str))) if place else None
            inner = place.get(name) if name is not None else None
            if not isinstance(inner, dict) or not inner or draw(st.booleans()):
                break
            place = inner
        match draw(st.sampled_from(["value", "gone", "name"])):
            case "gone" if name is not None:
                del place[name]
            case "name" if name is not None:
                place[draw(TEXTS)] = place.pop(name)
            case _:
                place[name if name is not None else "x"] = draw(VALUES)
    order = draw(st.permutations(events)) if draw(st.booleans()) else events
    return [json.dumps(each) for each in order]


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
MANY = settings(QUICK, max_examples=10_000)
ARBITRARY = given(st.lists(FRAMES, max_size=12), st.sampled_from(["", "bye", f"bye {KEY}", "\x1b[2J"]))


@QUICK
@ARBITRARY
def test_any_frames_are_told_by_every_report(frames, reason):
    holds(['{"type": "session.created", "event_id": "e", "session": {}}', *frames], reason)


@QUICK
@given(mutated())
def test_any_change_of_real_frames_is_told_by_every_report(frames):
    holds(frames)


@pytest.mark.slow
@MANY
@ARBITRARY
def test_ten_thousand_times_any_frames(frames, reason):
    holds(['{"type": "session.created", "event_id": "e", "session": {}}', *frames], reason)


@pytest.mark.slow
@MANY
@given(mutated())
def test_ten_thousand_changes_of_real_frames(frames):
    holds(frames)
