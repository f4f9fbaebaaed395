import asyncio
from types import SimpleNamespace

from conformance.play.player import Conversation, Outcome
from conformance.run.retry import Attempt, Retrier
from conformance.scenario.model import Scenario
from conformance.scenario.step import Step
from conformance.trace.trace import Direction, End, EndKind, Trace

SCENARIO = Scenario("a/b", "A test.", ())
DROPPED = End(EndKind.DROPPED, Direction.SERVER)


def played(outcome=Outcome.PLAYED, message="", retry_after="", end=None, line=1):
    return Attempt(
        Conversation(
            SCENARIO, "", (Trace(end=end),), outcome, message, step=Step("await", line=line), retry_after=retry_after
        )
    )


def busy(retry_after=""):
    return played(Outcome.ENVIRONMENT, "HTTP 429", retry_after)


def cut(line):
    return played(Outcome.STOPPED, "it broke", end=DROPPED, line=line)


def persist(*attempts, retries=2):
    """Play attempts that are known beforehand; give (those that were played, the pauses in between)."""
    pauses = []

    async def run():
        coming = iter(attempts)
        loop = asyncio.get_running_loop()

        async def sleep(seconds):
            pauses.append(round(seconds, 3))
            retrier.not_before = loop.time()

        retrier = Retrier(retries, sleep)

        async def once(_number):
            return next(coming)

        return await retrier.play(once)

    return asyncio.run(run()), pauses


def test_what_goes_well_is_played_once():
    attempts, pauses = persist(played())

    assert (len(attempts), pauses) == (1, [])


def test_a_busy_endpoint_is_given_more_time_each_time():
    attempts, pauses = persist(busy(), busy(), played())

    assert [round(each) for each in pauses] == [1, 2]
    assert attempts[-1].conversation.outcome is Outcome.PLAYED


def test_the_endpoint_says_how_much_time_it_wants():
    _, pauses = persist(busy("7"), played())

    assert [round(each) for each in pauses] == [7]


def test_patience_ends_and_the_cause_is_told():
    attempts, _ = persist(busy(), busy(), busy())

    assert len(attempts) == 3
    assert attempts[-1].conversation.message == "HTTP 429 (3 attempts)"


def test_without_retries_nothing_is_repeated():
    attempts, _ = persist(busy(), retries=0)

    assert len(attempts) == 1


def test_a_cut_that_wanders_is_the_environments():
    attempts, _ = persist(cut(1), cut(2), cut(1))
    last = attempts[-1].conversation

    assert last.outcome is Outcome.ENVIRONMENT
    assert last.message == "the connection broke without a close frame, each time elsewhere (3 attempts)"


def test_a_cut_that_stays_is_the_endpoints():
    attempts, _ = persist(cut(4), cut(4), cut(4))

    assert attempts[-1].conversation.outcome is Outcome.STOPPED


def test_a_preflight_that_finds_the_endpoint_busy_is_repeated():
    found = iter(
        [SimpleNamespace(environment=True, retry_after="0"), SimpleNamespace(environment=False, retry_after="")]
    )

    async def run():
        async def once():
            return next(found)

        return await Retrier(2).connect(once)

    diagnosis, number = asyncio.run(run())
    assert (diagnosis.environment, number) == (False, 2)


def test_a_model_that_did_not_do_its_part_gets_one_more_chance_at_once():
    attempts, pauses = persist(played(Outcome.INCONCLUSIVE, "needs a function call"), played())

    assert (len(attempts), pauses) == (2, [])
    assert attempts[-1].conversation.outcome is Outcome.PLAYED
    assert not attempts[0].counts, "a conversation is not flaky for what a model says"


def test_a_model_gets_no_third_chance():
    attempts, _ = persist(*[played(Outcome.INCONCLUSIVE, "needs a function call")] * 3)

    assert len(attempts) == 2
    assert attempts[-1].conversation.outcome is Outcome.INCONCLUSIVE
    assert attempts[-1].conversation.message == "needs a function call (2 attempts)"


def test_a_long_pause_is_told_with_its_reason_and_a_short_one_is_not():
    told = []

    async def run(*attempts):
        loop = asyncio.get_running_loop()

        async def sleep(_seconds):
            retrier.not_before = loop.time()

        retrier = Retrier(2, sleep, told.append)
        coming = iter(attempts)

        async def once(_number):
            return next(coming)

        await retrier.play(once)

    asyncio.run(run(busy(), played()))
    assert told == []
    asyncio.run(run(busy("30"), played()))
    assert told == ["waiting 30 s: the endpoint asked for it (Retry-After)"]


def test_work_that_takes_longer_than_a_moment_is_told(monkeypatch):
    monkeypatch.setattr("conformance.run.retry.WORTH_TELLING", 0.01)
    told = []

    async def run():
        silent = asyncio.get_running_loop().create_future()
        retrier = Retrier(0, tell=lambda line: (told.append(line), silent.set_result(1)))
        await retrier.told(silent, "still waiting")
        await retrier.told(asyncio.sleep(0), "no word of this")

    asyncio.run(run())
    assert told == ["still waiting"]
