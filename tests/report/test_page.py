import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from conformance.report.evidence import evidence_of
from conformance.report.page import page_of
from conformance.report.sentence import sentence_of
from conformance.run.outcome import Ending
from tests.records import result

WHEN = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
VOID = {"meta", "br", "rect", "line", "path", "img", "link"}


def page(result):
    return page_of(result, evidence_of(result), WHEN)


class Reader(HTMLParser):
    """Notes elements, addresses that would be fetched, and whether everything that opens is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.fetched, self.ids = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        told = dict(attrs)
        self.ids.add(told.get("id"))
        self.fetched += [told[name] for name in ("src", "xlink:href", "data", "srcset") if name in told]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, _attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text):
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_the_page_says_the_verdict_first(run):
    result = run("delta-follows-its-response")
    text = page(result)

    assert sentence_of(result) in text
    assert text.index(sentence_of(result)) < text.index('id="broken"') < text.index('id="requirements"')


def test_what_was_never_ready_has_no_empty_chapters():
    told = result(ending=Ending(unreachable="the key was refused. Check REALTIME_TOKEN."))
    text = page(told)
    read(text)

    assert "the key was refused. Check REALTIME_TOKEN." in text
    assert not any(each in text for each in ("<h2", "<nav", "not exercised", "<dt>revision</dt>", "<footer"))


def test_what_only_should_be_is_not_called_broken(run):
    text = page(run("usage-before-the-response-began"))

    assert '<h2 id="broken">Not kept</h2>' in text
    assert ">Broken<" not in text


def test_a_broken_rule_has_a_card_with_ladder_and_the_offending_frame(run):
    text = page(run("delta-follows-its-response"))

    card = text[text.index('id="ordering.response-done-is-last"') :].partition("</article>")[0]
    marked = re.search(r'class="rung heard frame marked" open>(.*?)</details>', card, re.DOTALL)[1]
    assert "response.output_text.delta" in marked
    assert "<pre>" in marked
    assert 'href="#RSP-05"' in card
    assert "traces/" in card
    assert text.count('class="card fail"') == 1


def test_who_cannot_see_arrows_and_colours_reads_who_speaks_and_where_it_was_found(run):
    text = page(run("delta-follows-its-response"))

    assert '<span class="spoken">client: </span>session.update' in text
    assert '<span class="spoken">server: </span>response.done' in text
    assert '<span class="spoken">found here: server: </span>response.output_text.delta' in text


def test_nothing_is_fetched_and_no_script_is_there(run):
    reader = read(page(run("delta-follows-its-response")))

    assert "script" not in reader.tags
    assert [each for each in reader.fetched if not each.startswith("data:")] == []


def test_sound_can_be_heard(run):
    reader = read(page(run()))

    assert reader.fetched
    assert all(each.startswith("data:audio/wav;base64,") for each in reader.fetched)


def test_every_link_inside_the_page_leads_somewhere(run):
    text = page(run("delta-follows-its-response"))
    targets = set(re.findall(r'href="#([^"]+)"', text))

    assert targets <= read(text).ids


def test_every_requirement_has_a_row(run):
    from conformance.rules.engine.requirements import REQUIREMENTS

    ids = read(page(run())).ids

    assert {name for name, each in REQUIREMENTS.items() if "ga" in each.dialects} <= ids


def test_an_interrupted_run_has_a_page_that_says_so(run):
    assert "interrupted" in page(run(interrupted=True))


def test_a_run_of_which_nothing_is_left_on_the_disk_has_a_page(run):
    result = run("delta-follows-its-response")
    for path in (result.settings.reports / "traces").rglob("*.jsonl"):
        path.unlink()

    assert 'class="card fail"' in page(result)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_both_colour_schemes(run, scheme):
    assert scheme in re.search(r"color-scheme: ([a-z ]+)", page(run()))[1]
