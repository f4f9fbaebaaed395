"""What a conversation cost is read when it has settled; what is charged afterwards is not lost."""

import asyncio

import pytest

from conformance.relay.rehearsal import play_once, relaying
from conformance.relay.rules import PAIR_RULES
from conformance.relay.rules.pair_rule import judge_pair

ONCE = PAIR_RULES["relay.usage-is-charged-once"]


async def two_conversations(late):
    """Return the last pairs of two conversations, between which the relay charges *late* more."""
    async with relaying("ga") as player:
        first = await play_once(player, "relay/closing_client")
        player.settled.balance -= late
        second = await play_once(player, "relay/closing_client")
    return first.pairs[-1], second.pairs[-1]


@pytest.mark.parametrize(("late", "findings"), [(0, 0), (12, 1)])
def test_what_is_charged_after_the_settling_is_found_in_the_next_conversation(late, findings):
    first, second = asyncio.run(two_conversations(late))

    assert (first.context.bill.late, second.context.bill.late) == (0, late)
    assert [len(judge_pair(ONCE, each).findings) for each in (first, second)] == [0, findings]
