from hypothesis import given
from hypothesis import strategies as st

from conformance.corpus.tally import MOST_EXAMPLES, CorpusTally, total
from conformance.corpus.verdict import Found, RecordedVerdict, RecordingOutcome

RULES = ("envelope.events-have-a-type", "usage.total-is-the-sum")
found = st.builds(Found, st.sampled_from(RULES), st.integers(0, 9), st.text(max_size=3), st.just("m"))
verdicts = st.lists(
    st.builds(
        RecordedVerdict,
        name=st.text(max_size=3),
        kind=st.sampled_from(RecordingOutcome),
        dialect=st.sampled_from(["", "ga", "beta"]),
        entries=st.integers(0, 99),
        findings=st.lists(found, max_size=4).map(tuple),
        waived=st.lists(found, max_size=4).map(tuple),
        held=st.dictionaries(st.sampled_from(RULES), st.integers(1, 3)),
        unproven=st.lists(st.sampled_from(RULES), max_size=1).map(tuple),
        trouble=st.sampled_from(["", "cannot be read"]),
    ),
    max_size=8,
)


def counted(given_verdicts):
    tally = CorpusTally()
    for each in given_verdicts:
        tally.note(each)
    return tally


@given(verdicts, st.integers(0, 8), st.integers(0, 8))
def test_parts_of_a_corpus_add_up_however_they_are_grouped(judged, one, other):
    first, second = sorted((one, other))
    parts = [counted(judged[:first]), counted(judged[first:second]), counted(judged[second:])]

    assert total(parts) == counted(judged)
    assert parts[0] + (parts[1] + parts[2]) == counted(judged)


def test_nothing_adds_nothing():
    tally = counted([RecordedVerdict("a", RecordingOutcome.CLEAN, "ga", 3)])

    assert CorpusTally() + tally == tally + CorpusTally() == tally


def test_a_rule_keeps_its_first_examples():
    tally = counted(
        [
            RecordedVerdict(str(n), RecordingOutcome.BROKEN, "ga", findings=(Found(RULES[0], n, f"{n}:1", "m"),))
            for n in range(9)
        ]
    )

    assert tally.broken[RULES[0]] == 9
    assert [each.place for each in tally.examples[RULES[0]]] == [f"{n}:1" for n in range(MOST_EXAMPLES)]
