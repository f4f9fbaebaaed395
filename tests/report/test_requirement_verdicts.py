"""Requirements by chapter, as the page shows them."""

from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.report.requirement_verdicts import chapters_of
from tests.records import record, result


@pytest.mark.parametrize(("dialect", "translates"), [("ga", True), ("beta", False)])
def test_a_chapter_of_another_revision_alone_is_left_out(dialect, translates):
    told = result(record("a", {"ordering.response-done-is-last": "pass"}))
    target = replace(told.settings.target, dialect=DIALECTS[dialect])
    chapters = chapters_of(replace(told, settings=replace(told.settings, target=target)))

    assert all(chapter.requirements for chapter in chapters)
    assert ("Translation" in [chapter.title for chapter in chapters]) is translates
