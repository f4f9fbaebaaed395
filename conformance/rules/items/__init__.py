"""The items of the conversation."""

from __future__ import annotations

from conformance.rules.items import content, create, delete_retrieve, order, retrieved_audio, truncate

chapters = (
    create.rules,
    content.rules,
    order.rules,
    delete_retrieve.rules,
    truncate.rules,
    retrieved_audio.rules,
)
