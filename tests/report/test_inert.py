import pytest

from conformance.report.inert import inert, one_line
from tests.report.hostile_text import HOSTILE


def test_a_control_is_shown_as_its_picture():
    assert inert("\x1b[31mred\x00") == "␛[31mred␀"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\ud83d", "\ufeff", "\u2028", "\x9b", "\uffff"])
def test_a_mark_that_acts_is_shown_by_its_number(mark):
    assert inert(f"a{mark}b") == f"a⟨U+{ord(mark):04X}⟩b"


def test_ordinary_text_stays_as_it_is():
    text = "Grüße, 世界 🙂\tالعربية\n"

    assert inert(text) == text


def test_whatever_is_inert_can_be_written():
    assert inert(HOSTILE).encode()


def test_a_line_of_a_million_characters_becomes_short():
    line = one_line("x " * 500_000, 40)

    assert len(line) == 40
    assert line.endswith("…")


def test_a_line_has_no_breaks():
    assert one_line("a\nb\r\nc") == "a b␍ c"
