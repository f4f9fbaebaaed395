import re
from xml.etree import ElementTree

import pytest

from conformance.report.ladder import MOST_RUNGS, ladder_html, ladder_svg, rungs_of
from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake, Trace
from tests.report.hostile_text import HOSTILE, active_in


def entry(index, kind, *, sent=False, at=None, **fields):
    direction = Direction.CLIENT if sent else Direction.SERVER
    return Entry(index, direction, index / 100 if at is None else at, {"type": kind, **fields})


def conversation(*kinds, **fields):
    return Trace(tuple(entry(index, kind) for index, kind in enumerate(kinds)), **fields)


def test_a_run_of_deltas_is_one_rung():
    text, audio = "response.output_text.delta", "response.output_audio.delta"
    rungs = rungs_of(conversation("response.created", text, audio, text, "response.done"))

    assert [rung.label for rung in rungs] == ["response.created", f"{text} × 2, {audio}", "response.done"]
    assert rungs[1].number == "1-3"
    assert len(rungs[1].frames) == 3


def test_the_offending_delta_stands_alone():
    delta = "response.output_text.delta"
    rungs = rungs_of(conversation(*[delta] * 9), {4})

    assert [(rung.number, rung.marked) for rung in rungs] == [("0-3", False), ("4", True), ("5-8", False)]


def test_a_long_conversation_is_shown_around_the_mark():
    rungs = rungs_of(conversation(*["ping"] * 1000), {500})

    assert len(rungs) <= MOST_RUNGS
    assert [rung.number for rung in rungs if rung.marked] == ["500"]
    assert sum(rung.kind == "omitted" for rung in rungs) == 2


def test_a_silence_has_a_rung_of_its_own():
    trace = Trace((entry(0, "a", at=0.0), entry(1, "b", at=2.5)))

    assert [rung.label for rung in rungs_of(trace)] == ["a", "2.5 s", "b"]


def test_handshake_and_end_are_rungs_that_can_be_marked():
    trace = conversation("a", handshake=Handshake("ws://x", "bearer", status=101), end=End(EndKind.DROPPED))

    assert [rung.kind for rung in rungs_of(trace, {-1, 1}) if rung.marked] == ["handshake", "end"]


def test_a_mark_after_a_recording_without_an_end_has_its_place():
    assert rungs_of(conversation("a"), {1})[-1].marked


def test_the_raw_frame_is_behind_a_click():
    html = ladder_html(conversation("response.done"), {0})

    assert re.search(r'<details class="rung heard frame marked" open>.*<pre>.*response\.done', html, re.DOTALL)


@pytest.mark.parametrize("draw", [ladder_html, ladder_svg])
def test_nothing_hostile_acts_in_a_ladder(draw):
    odd = (entry(0, HOSTILE, item_id=HOSTILE, text=HOSTILE), entry(1, "x", note=HOSTILE, sent=True))
    told = draw(Trace(odd, handshake=Handshake("ws://" + HOSTILE, HOSTILE), end=End(EndKind.CLOSED, reason=HOSTILE)))

    assert active_in(told) == []
    assert told.encode()


def test_the_picture_is_xml_whatever_is_in_it():
    picture = ladder_svg(Trace((entry(0, HOSTILE + "\ufffe" + "x" * 500),)), {0})

    assert ElementTree.fromstring(picture).tag.endswith("svg")


def test_nothing_at_all_has_a_ladder_too():
    assert rungs_of(Trace()) == ()
    assert "client" in ladder_html(Trace())
