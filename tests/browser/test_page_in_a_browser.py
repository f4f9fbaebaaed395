"""index.html as a reader meets it: opened from disk, at two widths, in both colour schemes."""

import pytest

pytestmark = pytest.mark.browser
CARD = "document.getElementById('ordering.response-done-is-last')"


def test_a_broken_rule_shows_its_ladder_with_the_offending_frame(page, reports, offending):
    page.open(reports / "index.html")

    marked = page.js(f"{CARD}.querySelector('.rung.marked').innerText")
    assert offending["type"] in marked
    assert f'"event_id": "{offending["event_id"]}"' in marked


def test_a_click_on_a_rung_shows_its_frame(page, reports):
    page.open(reports / "index.html")
    rungs = f"[...{CARD}.querySelectorAll('details.rung.heard:not(.marked)')]"
    rung = f"{rungs}.find(each => each.innerText.includes('session.created'))"

    assert page.js(f"{rung}.open") is False
    page.js(f"document.shown = {rung}; document.shown.querySelector('summary').click()")
    assert page.until("document.shown.open && document.shown.querySelector('pre').checkVisibility()")
    assert '"type"' in page.js("document.shown.querySelector('pre').innerText")


def test_what_was_said_can_be_played(page, reports):
    page.open(reports / "index.html")

    page.js("document.querySelectorAll('audio').forEach(each => { each.preload = 'auto'; each.load() })")
    assert page.until("[...document.querySelectorAll('audio')].every(each => each.duration > 0)")
    assert page.js("document.querySelectorAll('#audio ~ div audio').length") > 0


def test_nothing_is_fetched(page, reports):
    page.open(reports / "index.html")

    assert (
        page.js("performance.getEntriesByType('resource').filter(each => !each.name.startsWith('data:')).length") == 0
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_runs_out_of_the_page(width, scheme, page, reports):
    page.open(reports / "index.html", width, scheme)
    page.js("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert page.js("document.documentElement.scrollWidth") <= width
    light = page.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light is (scheme == "light")
