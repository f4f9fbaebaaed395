"""The report that Allure 3 makes of our results: a failing item leads to ladder, player and the offending frame."""

import json

import pytest

pytestmark = pytest.mark.browser
LEAVES = "[...document.querySelectorAll('[data-testid=tree-leaf]')]"
ATTACHMENTS = "[...document.querySelectorAll('[data-testid=test-result-attachment]')]"


@pytest.fixture
def failing(page, allure):
    """Open the failing item on a conversation with sound."""
    page.open_with(allure, "document.querySelector('[data-testid=tab-failed]')")
    page.js("document.querySelector('[data-testid=tab-failed]').click()")
    page.until(f"{LEAVES}.length === 2")
    page.js(f"{LEAVES}.at(-1).click()")
    page.until(f"{ATTACHMENTS}.length === 4")
    page.js(f"{ATTACHMENTS}.forEach(each => each.querySelector('[data-testid$=header] > button').click())")
    return page


def attachment(name):
    return f"{ATTACHMENTS}.find(each => each.innerText.split('\\n').includes({json.dumps(name)}))"


def test_one_fault_is_one_story_with_its_category(page, allure):
    page.open_with(allure, "document.querySelector('[data-testid=nav-tab-categories]')")
    page.js("document.querySelector('[data-testid=nav-tab-categories]').click()")

    assert page.until("document.body.innerText.includes('Requirement broken (MUST)')")
    assert page.js("document.body.innerText.includes('Product errors')") is False


def test_a_failing_item_shows_its_ladder(failing):
    image = f"{attachment('ladder')}.querySelector('img')"
    assert failing.until(f"{image} && {image}.complete && {image}.naturalHeight > 100")


def test_a_failing_item_has_a_player(failing):
    assert failing.until(f"{attachment('player')}.querySelector('iframe')")
    assert failing.until(f"{attachment('player')}.textContent.includes('data:audio/wav')")


def test_a_failing_item_leads_to_the_offending_frame(failing):
    assert failing.until(f"{attachment('trace')}.innerText.includes('event_mutant1')")


def test_a_failing_item_says_how_to_see_it_again(failing):
    assert failing.until(f"{attachment('reproduce')}.innerText.includes('pytest ')")
