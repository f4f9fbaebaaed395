import pytest

from conformance.report.latency_plot import BARS, WIDTH, histograms_of, latency_html


def test_what_was_never_timed_has_no_picture():
    assert histograms_of({"first audio": []}) == ()


def test_every_value_stands_in_the_picture():
    (picture,) = histograms_of({"x": [0.0, 0.000001, 0.02, 0.3, 4.0, 500.0]})

    assert all(0 <= picture.place(each) <= WIDTH for each in picture.values)
    assert len(picture.bars) <= BARS
    assert picture.marks


def test_equal_values_have_a_picture_too():
    (picture,) = histograms_of({"x": [0.1, 0.1]})

    assert len(picture.bars) == 1
    assert picture.share(0.5) == pytest.approx(0.1)


def test_the_percentiles_are_told_in_numbers():
    told = latency_html({"response done": [0.1, 0.2, 2.0]})

    assert "200 ms" in told
    assert "2.00 s" in told


def test_an_axis_without_a_round_time_tells_its_ends():
    (picture,) = histograms_of({"x": [0.303, 0.31, 0.345]})

    assert [(each.text, each.anchor) for each in picture.marks] == [("303 ms", "middle"), ("345 ms", "middle")]


def test_no_text_of_the_axis_is_cut_at_an_edge():
    (picture,) = histograms_of({"x": [0.0001, 0.01, 10.0]})

    assert [each.anchor for each in picture.marks] == ["start", *["middle"] * 4, "end"]
