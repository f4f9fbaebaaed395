"""Lines fit the page whatever stands in them, and what somebody may search for stays whole."""

from rich.cells import cell_len

from conformance.report.layout import WIDTH, cut, folded, wrapped

ADDRESS = "wss://" + "x" * 100


def test_text_is_wrapped_with_a_hanging_indent():
    lines = wrapped("word " * 40, "  actual    ", " " * 12)

    assert lines[0].startswith("  actual    word word")
    assert all(line.startswith(" " * 12 + "word") for line in lines[1:])
    assert max(map(len, lines)) <= WIDTH


def test_a_long_word_stays_whole_and_alone():
    assert wrapped(f"see {ADDRESS} for more", "  ") == ["  see", f"  {ADDRESS}", "  for more"]


def test_a_hyphen_does_not_break_an_id():
    assert any(
        "ordering.response-done-is-last" in line for line in wrapped("x" * 60 + " ordering.response-done-is-last")
    )


def test_wide_letters_count_twice():
    lines = wrapped("日本語 " * 40, "  ")

    assert max(map(cell_len, lines)) <= WIDTH
    assert cell_len(cut("日本語" * 40, 20)) <= 20
    assert max(map(cell_len, folded("日本語" * 40, 20))) <= 20


def test_what_an_endpoint_said_begins_no_line():
    assert all(line.startswith("  ") for line in wrapped("a " * 100)[1:])


def test_what_would_act_is_shown():
    for shown in (wrapped("a\x1b[31mb"), folded("a\x1b[31mb", 40), [cut("a\x1b[31mb", 40)]):
        assert shown == ["a␛[31mb"]
