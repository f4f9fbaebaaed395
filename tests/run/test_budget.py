import asyncio

import pytest

from conformance.run.budget import Budget, Exhausted, Limits, Spent
from conformance.run.outcome import Ending
from conformance.run.prices import Price
from conformance.scenario.cost import Cost, Tokens

PRICE = Price({"input": 4.0, "cached": 0.4, "output": 16.0}, {"input": 32.0, "cached": 0.4, "output": 64.0})


def cost(tokens=0, sessions=1):
    return Cost(sessions, Tokens(text_in=tokens))


def spent(tokens=0, sessions=1):
    return Spent(sessions, Tokens(text_in=tokens))


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_without_limits_everything_may_begin():
    async def run():
        budget = Budget(Limits())
        for _ in range(100):
            await budget.reserve(cost(10**9))
        return bool(budget.exhausted)

    assert asyncio.run(run()) is False


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(tokens=99), "--max-tokens=99 is too small (up to 100 with the next conversation)"),
        (Limits(sessions=0), "--max-sessions=0 is too small (up to 1 with the next conversation)"),
        (Limits(usd=0.0003), "--max-usd=0.0003 is too small (up to $0.0004 with the next conversation)"),
    ],
)
def test_what_could_exceed_a_budget_is_not_begun(limits, told):
    async def run():
        await Budget(limits, PRICE).reserve(cost(100))

    with pytest.raises(Exhausted) as raised:
        asyncio.run(run())

    assert str(raised.value) == f"not run: {told}"


def test_after_the_first_that_does_not_fit_nothing_begins():
    async def run():
        budget = Budget(Limits(tokens=10))
        with pytest.raises(Exhausted):
            await budget.reserve(cost(11))
        with pytest.raises(Exhausted):
            await budget.reserve(cost(1))
        return bool(budget.exhausted)

    assert asyncio.run(run())


def test_a_conversation_waits_for_what_others_turn_out_not_to_need():
    async def run():
        budget, order = Budget(Limits(tokens=100)), []

        async def play(name, planned, used):
            await budget.reserve(cost(planned))
            order.append(name)
            await asyncio.sleep(0)
            await budget.settle(cost(planned), spent(used))

        await asyncio.gather(play("a", 80, 10), play("b", 80, 20))
        return order, budget.spent.tokens.total

    assert asyncio.run(run()) == (["a", "b"], 30)


def test_a_budget_is_never_exceeded_by_what_keeps_to_its_bound():
    async def run():
        budget, played = Budget(Limits(tokens=100)), 0

        async def play():
            nonlocal played
            await budget.reserve(cost(30))
            played += 1
            await asyncio.sleep(0)
            await budget.settle(cost(30), spent(30))

        await asyncio.gather(*(play() for _ in range(10)), return_exceptions=True)
        return played, budget.spent.tokens.total, bool(budget.exhausted)

    assert asyncio.run(run()) == (3, 90, True)


def test_when_the_time_is_over_nothing_begins():
    async def run():
        clock = Clock()
        budget = Budget(Limits(seconds=60), clock=clock)
        await budget.reserve(cost())
        clock.now = 59.0
        left = budget.left
        await budget.reserve(cost())
        clock.now = 61.0
        with pytest.raises(Exhausted, match="--max-time=60 is over"):
            await budget.reserve(cost())
        return left

    assert asyncio.run(run()) == 1.0


def test_several_processes_share_what_is_counted_but_not_the_time():
    assert Limits(100, 9, 60, 2.0).share(4) == Limits(25, 2, 60, 0.5, workers=4)


def test_a_share_that_is_too_small_is_not_called_what_was_asked_for():
    budget = Budget(Limits(tokens=100).share(4))

    with pytest.raises(Exhausted, match="--max-tokens: the share of each of 4 workers, 25, is too small") as refused:
        asyncio.run(budget.reserve(cost(26)))

    assert Ending(exhausted=refused.value.budget).why_not_run == "the budget"


def test_what_was_spent_survives_as_plain_data():
    told = Spent(2, Tokens(1, 2, 3, 4, 5, 6), 1.5, estimated=True)

    assert Spent.from_data(told.as_data()) == told


def test_cached_input_has_its_own_price():
    assert PRICE.of(Tokens(text_in=1_000_000, cached_text=500_000)) == pytest.approx(2.2)


def test_each_refusal_is_an_exception_of_its_own():
    async def refused(budget):
        with pytest.raises(Exhausted) as raised:
            await budget.reserve(cost())
        return raised.value

    async def run():
        budget = Budget(Limits(sessions=0))
        return [await refused(budget) for _ in range(3)]

    first, second, third = asyncio.run(run())
    assert len({id(first), id(second), id(third)}) == 3  # one that is raised again and again drags its tracebacks
    assert str(first) == str(second) == str(third)
