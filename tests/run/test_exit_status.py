import pytest

from conformance.run.exit_status import Circumstances, Status, status_of


@pytest.mark.parametrize(
    ("run", "status"),
    [
        (Circumstances(0), Status.CLEAN),
        (Circumstances(0, judged=False), Status.NOTHING),
        (Circumstances(5, judged=False), Status.NOTHING),
        (Circumstances(0, red=True), Status.BROKEN),
        (Circumstances(0, short_of_budget=True), Status.BUDGET),
        (Circumstances(1), Status.BROKEN),
        (Circumstances(1, short_of_budget=True), Status.BROKEN),
        (Circumstances(1, crashed=True), Status.INTERNAL),
        (Circumstances(1, misused=True), Status.MISUSED),
        (Circumstances(2, misused=True), Status.MISUSED),
        (Circumstances(2, crashed=True, short_of_budget=True), Status.INTERRUPTED),
        (Circumstances(3, red=True), Status.INTERNAL),
        (Circumstances(4, red=True), Status.MISUSED),
        (Circumstances(5, unreachable=True, judged=False), Status.UNREACHABLE),
    ],
)
def test_of_several_reasons_the_most_urgent_gives_the_status(run, status):
    assert status_of(run) == status
