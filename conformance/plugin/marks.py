"""Marks that `-m` asks for and nothing has: a slip of the finger, which pytest would take for an empty selection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.plugin.activation import BUNDLED
from conformance.resources import folder
from conformance.scenario.load import library, load
from conformance.yaml_source import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.scenario.model import Scenario

NAME = re.compile(r"[A-Za-z_]\w*")
#: Arguments of a mark: `pace(fast=True)`.
ARGUMENTS = re.compile(r"(?<=\w)\([^()]*\)")
WORDS = frozenset({"and", "or", "not", "True", "False", "None"})


def marks_of(scenario: Scenario) -> frozenset[str]:
    """Return the marks that all items of a scenario have: its tags, and the folder that it lies in."""
    return frozenset({*scenario.tags, scenario.topic.rpartition("/")[2]} - {""})


def refuse_unknown_marks(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Raise pytest's UsageError for a name in `-m` that is registered nowhere and that none of *items* has."""
    asked = set(NAME.findall(ARGUMENTS.sub("", config.option.markexpr or ""))) - WORDS
    if not asked:
        return
    registered = [NAME.match(line.strip()) for line in config.getini("markers")]
    names = {found[0] for found in registered if found is not None}
    names |= {mark.name for item in items for mark in item.iter_markers()}
    for name in sorted(asked - names - _tags() if asked - names else ()):
        raise pytest.UsageError(f"-m: nothing here has the mark {name!r}. {nearest(name, names - PYTESTS)}")


def _tags() -> frozenset[str]:
    """Return the marks of all bundled scenarios: one that is not among what was collected is no slip."""
    return frozenset(mark for path in library(relayed=True) for mark in marks_of(load(path, folder(BUNDLED))))


#: Marks that pytest and its plugins register for other purposes than choosing.
PYTESTS = frozenset({"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail", "tryfirst", "trylast"})
