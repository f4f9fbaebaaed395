"""Responses: how they are asked for, what they say of themselves, how they are cancelled."""

from __future__ import annotations

from conformance.rules.response import cancel, create, limits, overrides, response_object

chapters = (
    response_object.rules,
    limits.rules,
    create.rules,
    overrides.rules,
    cancel.rules,
)
