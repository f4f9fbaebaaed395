"""The order of the events inside a response: a table, and the engine that reads it."""

from __future__ import annotations

from conformance.rules.ordering import nesting

chapters = (nesting.rules,)
