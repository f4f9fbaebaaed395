"""The items of the conversation."""

from __future__ import annotations

from conformance.rules.items import create, delete_retrieve, order, truncate

chapters = (
    create.rules,
    order.rules,
    delete_retrieve.rules,
    truncate.rules,
)
