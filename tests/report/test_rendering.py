"""Numbers and sentences as a page shows them."""

import pytest

from conformance.report.rendering import amount, seconds, ticked


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.00001, "< 0.1 ms"), (0.0004, "0.4 ms"), (0.0124, "12 ms"), (1.2389, "1.24 s")],
)
def test_a_time_has_as_many_places_as_tell_something(value, shown):
    assert seconds(value) == shown


def test_a_large_number_has_its_thousands_apart():
    assert amount(1_234_567) == "1,234,567"


def test_what_stands_between_backticks_is_code_and_nothing_is_markup():
    assert ticked("say `a<b>` to <i>him</i>") == "say <code>a&lt;b&gt;</code> to &lt;i&gt;him&lt;/i&gt;"
