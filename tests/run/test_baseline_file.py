from datetime import date
from pathlib import Path

import pytest

from conformance.errors import FileError
from conformance.run.baseline import Baseline, BaselineEntry, Review, Seen, review
from conformance.run.baseline_file import entries_in, updated

PATH = Path("known.yaml")
RULES = ("usage.total-is-the-sum", "response.done-is-last", "items.roles-are-kept")
FILE = """\
# Known failures of our gateway.
# Asked for by the release board.
known:
  # The sum: they promised a fix.
  - rule: usage.total-is-the-sum    # see the mail
    scenario: usage/text_only
    message: The total
    issue: 12

  - rule: response.done-is-last
    issue: https://issues.test/13
    owner: "anna"
    expires: 2027-01-31
    outcomes: [pass, fail]
    when: {dialect: [ga, beta], profile: azure}
# the end
"""


def entries(text, scenario=lambda name: "/" in name):
    return entries_in(text, PATH, RULES, scenario)


def test_everything_in_an_entry_is_read():
    first, second = entries(FILE)

    assert first == BaselineEntry("usage.total-is-the-sum", "12", "usage/text_only", "The total", where="known.yaml:5")
    assert second.when == {"dialect": ("ga", "beta"), "profile": ("azure",)}
    assert (second.owner, second.expires, second.outcomes) == ("anna", date(2027, 1, 31), ("pass", "fail"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("known:\n  - rule: a.sum\n    issue: 1\n", "known.yaml:2:5: there is no rule 'a.sum'"),
        ("known:\n  - rule: plays\n    scenario: x\n    issue: 1\n", "known.yaml:3:5: there is no scenario 'x'"),
        ("known:\n  - rule: plays\n    isue: 1\n", "known.yaml:3:5: unknown key 'isue'"),
        ("known:\n  - rule: plays\n", "known.yaml:2:5: known.0: \"issue\" is a required property"),
        ("known:\n  - rule: plays\n    issue: 1\n    expires: 2026-13-01\n", "known.yaml:4:5: expires: month must"),
        ("known:\n  - rule: plays\n    issue: 1\n    expires: soon\n", "known.yaml:4:5"),
        ("known:\n  - rule: plays\n    issue: 1\n    outcomes: [broken]\n", "known.yaml:4:16"),
        ("known:\n  - rule: plays\n    issue: 1\n    when: {moon: full}\n", "known.yaml:4:5"),
        ("knwon: []\n", "Did you mean 'known'?"),
        ("known: [\n", "not YAML"),
        ("- rule: plays\n", "the file holds no object"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(FileError) as raised:
        entries(text)

    assert told in str(raised.value)


def test_a_rule_that_does_not_exist_gets_the_nearest_that_does():
    with pytest.raises(FileError, match=r"Did you mean 'usage\.total-is-the-sum'"):
        entries("known:\n  - rule: usage.total-is-a-sum\n    issue: 1\n")


def test_a_run_that_found_nothing_new_changes_nothing():
    assert updated(FILE, PATH, Review()) == FILE


def test_a_fixed_failure_leaves_with_its_own_comment_and_no_other():
    first, _ = entries(FILE)

    assert updated(FILE, PATH, Review(stale=(first,))) == (
        "# Known failures of our gateway.\n# Asked for by the release board.\nknown:\n\n"
        + FILE[FILE.index("  - rule: response.done") :]
    )


def test_a_new_failure_joins_at_the_end():
    new = Seen("items.roles-are-kept", "items/roles", "fail", ("The role is gone, as in item_123.",))
    text = updated(FILE, PATH, Review(unlisted=(new,)))

    assert text == FILE.replace(
        "# the end",
        "  - rule: items.roles-are-kept\n    scenario: items/roles\n"
        '    message: "The role is gone, as in"\n    issue: unfiled\n# the end',
    )
    assert len(entries(text)) == 3


def test_a_changed_message_is_replaced_in_its_place():
    first, _ = entries(FILE)
    text = updated(FILE, PATH, Review(other=((first, "Nothing adds up."),)))

    assert text == FILE.replace("message: The total", 'message: "Nothing adds up."')


def test_a_new_file_explains_itself():
    new = Seen("plays", "items/roles", "fail", ("session.updated never came",))
    text = updated("", PATH, Review(unlisted=(new,)))

    assert text.startswith("# Known failures")
    assert entries(text)[0].message == "session.updated never came"


def test_the_last_entry_leaves_an_empty_list_and_the_next_one_fills_it():
    text = "known:\n  - rule: plays\n    issue: 1\n"
    empty = updated(text, PATH, Review(stale=entries(text)))
    new = Seen("plays", "items/roles", "unproven")

    assert empty == "known: []\n"
    assert updated(empty, PATH, Review(unlisted=(new,))).startswith("known:\n  - rule: plays\n")


def test_entries_on_one_line_are_not_edited():
    text = "known: [{rule: plays, issue: 1}]\n"

    with pytest.raises(FileError, match="on lines of its own"):
        updated(text, PATH, Review(stale=entries(text)))


def test_updating_twice_changes_nothing_the_second_time():
    seen = (
        Seen("plays", "items/roles", "fail", ("It stopped.",)),
        Seen("usage.total-is-the-sum", "usage/text_only", "fail", ("The total is off by 3.", "The total is off by 4.")),
    )
    text = updated("", PATH, review(Baseline(), seen, partial=False))
    known = Baseline(entries(text))
    again = [
        Seen(each.rule, each.conversation, each.outcome, each.messages,
             known.excuse(each.rule, each.conversation, each.outcome, each.messages) is not None)
        for each in seen
    ]  # fmt: skip

    assert updated(text, PATH, review(known, again, partial=False)) == text
    assert len(entries(text)) == 2


def test_what_fails_in_many_conversations_gets_one_entry():
    seen = [
        Seen("usage.total-is-the-sum", f"usage/{number}", "fail", (f"The total is off by {number}.",))
        for number in range(40)
    ]
    stops = [Seen("plays", f"items/{number}", "fail", ("It stopped.",)) for number in range(4)]
    text = updated("", PATH, Review(unlisted=(*seen, *stops)))

    first, *others = entries(text)
    assert (first.rule, first.scenario, first.message) == ("usage.total-is-the-sum", "", "The total is off by")
    assert [each.scenario for each in others] == [each.conversation for each in stops]
    assert not review(Baseline(entries(text)), [*seen, *stops], partial=False).red


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("response.output_text.delta of resp_BUIFYIUagEhIYQHEJcDxO came late.", "response.output_text.delta of"),
        ("The deltas of item_Y4hHG0uzcltTAh6s1do6U do not make it.", "The deltas of"),
        ("input_audio_transcription.delta came 2 times", "input_audio_transcription.delta came"),
        ("input_audio_buffer.committed never came", "input_audio_buffer.committed never came"),
    ],
)
def test_an_entry_holds_what_of_a_message_comes_again(message, kept):
    seen = Seen("response.done-is-last", "a/b", "fail", (message,))

    written = updated("", PATH, Review(unlisted=(seen,)))
    assert f'message: "{kept}"' in written or f"message: {kept}\n" in written


NEW = Seen("plays", "items/roles", "fail", ("It stopped.",))
TEMPLATES = {
    "no margin": "known:\n- rule: plays\n  issue: 1\n  message: Old words\n",
    "a wide margin": "known:\n    - rule: plays\n      issue: 1\n      message: Old words\n",
    "the message first": "known:\n  - message: Old words\n    rule: plays\n    issue: 1\n",
    "a folded message": "known:\n- rule: plays\n  issue: 1\n  message: >-\n    Old\n    words\n",
    "a message with an empty line": "known:\n  - rule: plays\n    issue: 1\n    message: |\n      Old\n\n      words\n",
}


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_file_that_is_indented_in_another_way_is_edited_in_that_way(text):
    (old,) = entries(text)
    told = {
        "joined": updated(text, PATH, Review(unlisted=(NEW,))),
        "changed": updated(text, PATH, Review(other=((old, "Other words came"),))),
        "emptied": updated(text, PATH, Review(stale=(old,))),
    }

    messages = {name: [each.message for each in entries(after)] for name, after in told.items()}
    assert messages == {"joined": [old.message, "It stopped."], "changed": ["Other words came"], "emptied": []}
    assert told["joined"].startswith(text)


def test_a_comment_above_an_entry_stays_once_however_it_is_indented():
    text = "known:\n  - rule: plays\n    issue: 1\n    # of the next\n  - rule: response.done-is-last\n    issue: 2\n"
    first, second = entries(text)

    assert updated(text, PATH, Review()) == text
    assert updated(text, PATH, Review(stale=(first,))).count("# of the next") == 1
    assert "# of the next" not in updated(text, PATH, Review(stale=(second,)))


@pytest.mark.parametrize(
    "text",
    [
        "known:\n  - {rule: plays, issue: 1, message: Old words}\n",
        "known:\n  -\n    rule: plays\n    issue: 1\n    message: Old words\n",
    ],
)
def test_a_file_that_cannot_be_edited_line_by_line_is_told_and_not_broken(text):
    (old,) = entries(text)

    with pytest.raises(FileError, match="on lines of its own"):
        updated(text, PATH, Review(other=((old, "Other words came"),)))
