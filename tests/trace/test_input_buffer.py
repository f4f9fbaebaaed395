import base64

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.trace.input_buffer import detection_at
from conformance.trace.trace import Direction, End, EndKind, Entry, Handshake, Trace
from conformance.trace.views import View

GA = DIALECTS["ga"]
OFF = {"audio": {"input": {"turn_detection": None, "format": {"type": "audio/pcm", "rate": 24000}}}}
ON = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}


def view_of(*lines, end=None):
    entries = tuple(
        Entry(index, Direction(who), event={"type": kind, **fields}) for index, (who, kind, fields) in enumerate(lines)
    )
    return View(Trace(entries, "ga", Handshake("wss://example.test/v1/realtime", status=101), end), GA)


def server(kind, **fields):
    return "server", kind, fields


def client(kind, **fields):
    return "client", kind, fields


def append(size, **fields):
    return client("input_audio_buffer.append", audio=base64.b64encode(bytes(size)).decode(), **fields)


CREATED = server("session.created", session=OFF)
COMMIT = client("input_audio_buffer.commit", event_id="commit")
COMMITTED = server("input_audio_buffer.committed", item_id="item_1")
REFUSED = server("error", error={"event_id": "commit"})


@pytest.mark.parametrize("size", [1, 2, 3, 4800])
def test_a_commit_knows_how_much_was_appended(size):
    (commit,) = view_of(CREATED, append(size), append(size), COMMIT, COMMITTED).commits

    assert commit.size == 2 * size
    assert commit.milliseconds == pytest.approx(2 * size / 48)
    assert commit.manual
    assert commit.emptied_by == "start"


def test_a_commit_empties_the_buffer():
    first, second = view_of(CREATED, append(10), COMMIT, COMMITTED, COMMIT, REFUSED).commits

    assert (first.size, second.size, second.emptied_by) == (10, 0, "commit")


def test_a_refused_commit_leaves_the_buffer_as_it_was():
    view = view_of(CREATED, append(10), COMMIT, REFUSED, append(10), client("input_audio_buffer.commit"))

    assert [commit.size for commit in view.commits] == [10, 20]


def test_a_clear_empties_the_buffer():
    cleared = (client("input_audio_buffer.clear"), server("input_audio_buffer.cleared"))

    (commit,) = view_of(CREATED, append(10), *cleared, COMMIT, REFUSED).commits

    assert (commit.size, commit.emptied_by) == (0, "clear")


def test_refused_audio_is_not_in_the_buffer():
    refused = (append(10, event_id="bad"), server("error", error={"event_id": "bad"}))

    (commit,) = view_of(CREATED, *refused, COMMIT, REFUSED).commits

    assert commit.size == 0


def test_nobody_knows_the_buffer_while_speech_is_detected():
    (commit,) = view_of(server("session.created", session=ON), append(10), COMMIT, COMMITTED).commits

    assert (commit.size, commit.manual) == (None, False)


def test_a_commit_meets_the_settings_of_the_update_before_it_although_the_answer_comes_later():
    view = view_of(
        server("session.created", session=ON),
        client("session.update", session=OFF),
        COMMIT,
        server("session.updated", session=OFF),
        REFUSED,
    )

    assert view.commits[0].manual


def test_an_error_that_names_nobody_makes_a_commit_murky():
    nobody = server("error", error={"event_id": None})

    first, _ = view_of(CREATED, append(10), COMMIT, nobody, append(10), COMMIT, COMMITTED).commits

    assert first.ambiguous
    assert first.exchange.answer is None


def test_an_error_that_names_nobody_settles_a_commit_that_is_all_it_can_be_about():
    nobody = server("error", error={"event_id": None})

    first, second = view_of(CREATED, COMMIT, nobody, append(10), COMMIT, COMMITTED).commits

    assert first.exchange.refused
    assert not first.ambiguous
    assert second.exchange.answer is not None


@pytest.mark.parametrize(
    ("session", "told"),
    [
        ({}, None),
        (OFF, {}),
        ({"audio": {"input": {"turn_detection": {"type": "none"}}}}, {}),
        ({"audio": {"input": {"turn_detection": {"type": None}}}}, {}),
        (ON, {"type": "server_vad"}),
        ({"audio": {"input": {"turn_detection": "on"}}}, None),
    ],
)
def test_turn_detection_is_on_off_or_unknown(session, told):
    assert detection_at(view_of(server("session.created", session=session)), 1) == told


def test_what_nobody_asked_for_is_told_apart():
    view = view_of(
        client("response.create"),
        server("response.created", response={"id": "resp_1"}),
        server("response.created", response={"id": "resp_2"}),
        COMMIT,
        COMMITTED,
        server("input_audio_buffer.committed", item_id="item_2"),
    )

    assert [frame.index for frame in view.unasked_responses] == [2]
    assert [frame.index for frame in view.unasked_commits] == [5]


def test_an_answer_is_overdue_once_a_later_question_was_answered():
    asked = (client("input_audio_buffer.clear"), server("input_audio_buffer.cleared"))

    assert view_of(COMMITTED, *asked).overdue(0)
    assert not view_of(COMMITTED).overdue(0)


def test_an_answer_is_overdue_once_the_play_gave_up_waiting_for_it():
    gave_up = End(EndKind.TIMEOUT, awaiting="response.created or error")

    assert view_of(COMMITTED, end=gave_up).overdue(0, "response.created")
    assert not view_of(COMMITTED, end=gave_up).overdue(0, "response.done")
