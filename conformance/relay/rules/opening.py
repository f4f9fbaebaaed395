"""How a session is opened through a gateway: the model, the revision, patience, and refusals of the upstream."""

from __future__ import annotations

from conformance.relay.pair import UPGRADED, Pair
from conformance.relay.rules.pair_rule import HELD, Finding, Judged, PairChapter
from conformance.relay.rules.passing_down import named, strangers
from conformance.trace.trace import Credential, Direction, EndKind

rules = PairChapter()

HANDSHAKE = -1
#: Close codes that tell a client that all is well.
NORMAL = frozenset({1000, 1005})
#: Status of the upstream's refusal -> statuses with which a gateway passes that on sensibly.
SENSIBLE = {
    401: frozenset({401, 500, 502, 503}),
    403: frozenset({403, 500, 502, 503}),
    429: frozenset({429, 503}),
    500: frozenset({500, 502, 503, 504}),
}


@rules.must("relay.models-are-mapped", covers=("RLY-17",), needs="alias")
def models_are_mapped(pair: Pair) -> Judged:
    """The upstream is asked for the model that the gateway declares behind the client's name for it."""
    wanted = pair.context.declared.alias.get(pair.client_side.model)
    if wanted is None or pair.upstream is None:
        return
    if (asked := pair.upstream_side.model) != wanted:
        message = f"The upstream was asked for {asked or 'no model'}, which stands for {pair.client_side.model}."
        yield Finding(HANDSHAKE, message, wanted, asked or "no model")
    else:
        yield HELD


@rules.must("relay.the-upstream-is-asked-for-the-clients-revision", covers=("RLY-18",))
def the_upstream_is_asked_for_the_clients_revision(pair: Pair) -> Judged:
    """The gateway asks the upstream for the revision that the client speaks, unless it declares to translate."""
    asked = pair.upstream_side.revision
    if pair.upstream is None or not asked or pair.context.declared.translates or pair.context.script.speaks:
        return
    if asked != (spoken := pair.client.dialect.name):
        message = f"The client speaks {spoken}, and the upstream was asked for {asked}."
        yield Finding(HANDSHAKE, message, spoken, asked)
    else:
        yield HELD


@rules.must("relay.the-upstream-is-asked-for-a-revision-it-speaks", covers=("RLY-35",))
def the_upstream_is_asked_for_a_revision_it_speaks(pair: Pair) -> Judged:
    """An upstream of one revision is asked for that one by whoever speaks it, or declares to translate."""
    asked, speaks = pair.upstream_side.revision, pair.context.script.speaks
    if pair.upstream is None or not asked or not speaks:
        return
    if asked == speaks:
        yield HELD
    elif pair.context.declared.translates or pair.client.dialect.name == speaks:
        message = f"The upstream speaks {speaks} alone, and was asked for {asked}."
        yield Finding(HANDSHAKE, message, speaks, asked)


@rules.must("relay.late-sessions-are-awaited", covers=("RLY-19",))
def late_sessions_are_awaited(pair: Pair) -> Judged:
    """A client whose upstream begins to speak late gets its session all the same."""
    late = pair.context.script.first_event_after
    if not late or late > pair.context.declared.patience or pair.upstream is None:
        return
    if not pair.late_in_vain:
        yield HELD
    else:
        message = f"The upstream began to speak after {late:g} s, and the client got no session."
        yield Finding(len(pair.client.trace), message, "session.created", "no session")


def _told(pair: Pair) -> str:
    """Say how the client was told that there is no session; empty if it was not."""
    hand, end = pair.client.handshake, pair.client.end
    if hand is not None and hand.status not in (None, UPGRADED):
        return f"HTTP {hand.status}"
    if pair.client.server("error"):
        return "an error"
    if end is not None and end.kind is EndKind.CLOSED and end.by is Direction.SERVER and end.code not in NORMAL:
        return f"close {end.code}"
    return ""


@rules.must("relay.upstream-refusals-are-told", covers=("RLY-20",))
def upstream_refusals_are_told(pair: Pair) -> Judged:
    """A client whose upstream refuses the session is told so: by a status, an error, or a close code."""
    refusal, upstream = pair.context.script.refuses, pair.upstream
    if refusal is None or upstream is None:
        return
    if not _told(pair):
        message = f"The upstream refused with {refusal.status}, and the client was told nothing."
        end = pair.client.end
        actual = f"close {end.code}" if end is not None and end.kind is EndKind.CLOSED else "silence"
        yield Finding(len(pair.client.trace), message, "a status, an error or a close code", actual)
    else:
        yield HELD


@rules.should("relay.refusals-keep-their-meaning", covers=("RLY-20",))
def refusals_keep_their_meaning(pair: Pair) -> Judged:
    """A refused upgrade tells the client whose fault it is: its own key, its own rate, or the upstream."""
    refusal, hand = pair.context.script.refuses, pair.client.handshake
    if refusal is None or hand is None or hand.status in (None, UPGRADED) or pair.upstream is None:
        return
    if hand.status not in SENSIBLE.get(refusal.status, frozenset({hand.status})):
        sensible = ", ".join(str(each) for each in sorted(SENSIBLE[refusal.status]))
        message = f"The upstream refused with {refusal.status}, and the client was told {hand.status}."
        yield Finding(HANDSHAKE, message, sensible, str(hand.status))
    else:
        yield HELD


@rules.must("relay.one-failure-refuses-nobody-else", covers=("RLY-21",))
def one_failure_refuses_nobody_else(pair: Pair) -> Judged:
    """After a failure of the upstream the next client is served as ever."""
    hand, script = pair.client.handshake, pair.context.script
    if not pair.context.failed_before or hand is None or hand.credential is not Credential.VALID or script.fails:
        return
    if pair.opened:
        yield HELD
    else:
        actual = _told(pair) or "silence"
        message = "The upstream had let down another client, and now this one was refused too."
        yield Finding(HANDSHAKE, message, "session.created", actual)


@rules.must("relay.sessions-never-mix", covers=("RLY-22",))
def sessions_never_mix(pair: Pair) -> Judged:
    """A client hears nothing of another client's session."""
    mixed = list(strangers(pair))
    for frame in mixed:
        yield Finding(frame.index, f"The {named(frame)} belongs to another client's session.", "nothing", frame.type)
    if not mixed and pair.context.others and pair.down.crossed:
        yield HELD
