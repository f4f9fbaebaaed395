import pytest

from conformance.commands.rules import WIDTH, detail, find, listing, sample_of, several
from conformance.errors import SchemaError, UsageError
from conformance.mutants.mutant import Fault, Mutant
from conformance.rules import RULES

RULE = "input_audio.commit-empties-the-buffer"


def test_every_rule_has_one_line_of_at_most_eighty_columns():
    lines = listing(RULES).splitlines()

    assert len([line for line in lines if line.startswith("  ")]) == len(RULES)
    assert max(len(line) for line in lines) <= WIDTH


@pytest.mark.parametrize("rule_id", RULES)
def test_every_rule_can_be_explained(rule_id):
    text = detail(RULES[rule_id], sample_of(rule_id), (), ())

    assert "Holds, e.g." in text
    assert "Breaks, e.g." in text


def test_an_explanation_tells_everything():
    mutant = Mutant("full-for-ever", RULE, "audio/commit_twice", "", "", lambda _: Fault())

    text = detail(RULES[RULE], sample_of(RULE), [mutant], ["audio/commit_twice"])

    assert RULES[RULE].sentence in " ".join(text.split())
    assert RULES[RULE].spec in text
    assert "server    input_audio_buffer.committed" in text
    assert "full-for-ever" in text
    assert "  audio/commit_twice" in text


def test_an_unknown_rule_is_refused_with_those_that_look_like_it():
    with pytest.raises(UsageError, match=r"there is no rule 'commit-it'") as caught:
        find(RULES, "commit-it")

    assert "commit" in caught.value.cure
    assert find(RULES, RULE) == [RULES[RULE]]


def test_a_rule_without_a_sample_is_our_own_fault():
    with pytest.raises(SchemaError):
        sample_of("no.such-rule")


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("response-done", {"ordering.response-done-is-last"}),
        ("RSP-05", {"ordering.response-done-is-last"}),
        ("rsp-05", {"ordering.response-done-is-last"}),
        (RULE, {RULE}),
    ],
)
def test_a_part_of_an_id_and_a_requirement_find_what_is_meant(name, some):
    found = find(RULES, name)

    assert some <= {rule.id for rule in found}
    assert several(found).count("\n") == len(found)


def test_a_slip_of_the_finger_finds_the_rule():
    with pytest.raises(UsageError, match=RULE):
        find(RULES, RULE.replace("empties", "emptys"))
