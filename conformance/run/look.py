"""The first look at an endpoint: which auth style and which model open a session, where nobody says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.contract.names import MODELS, chosen_among, usual
from conformance.play.models import listed_models
from conformance.play.target import names_a_model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from conformance.play.preflight import Diagnosis
    from conformance.play.target import Target
    from conformance.run.settings import Settings

#: So many models are tried at most.
MOST_MODELS = 4


@dataclass(frozen=True)
class FirstLook:
    """What a first look came to."""

    diagnosis: Diagnosis
    settings: Settings
    note: str = ""
    """What was chosen for want of somebody's word, in one sentence."""


async def look(settings: Settings, knock: Callable[[Target], Awaitable[Diagnosis]], today: date) -> FirstLook:
    """Do the preflight with *knock*: in the usual auth style, in the other documented ones, with a usual model."""
    refused = diagnosis = await knock(settings.target)
    for style in settings.other_styles:
        if diagnosis.ready or not refused.refuses_the_key:
            break
        target = replace(settings.target, auth=style)
        diagnosis = await knock(target)
        if diagnosis.ready:
            found = replace(diagnosis, refused_style=settings.target.auth)
            return FirstLook(found, replace(settings, target=target))
    if not refused.ready and refused.wants_a_model and not names_a_model(settings.target):
        return await _with_a_model(settings, knock, today, refused)
    return FirstLook(diagnosis if diagnosis.ready else refused, settings)


async def _with_a_model(
    settings: Settings, knock: Callable[[Target], Awaitable[Diagnosis]], today: date, refused: Diagnosis
) -> FirstLook:
    """Try the realtime models that the endpoint lists, or the usual ones where it lists none."""
    listed = chosen_among(await listed_models(settings.target), today)
    where = "the endpoint lists it (GET …/models)" if listed else "it is a common name (the endpoint lists no models)"
    for name in (listed or usual(MODELS, today))[:MOST_MODELS]:
        target = replace(settings.target, model=name)
        diagnosis = await knock(target)
        if diagnosis.ready:
            note = f"model: {name}, because {where}; choose another with --model=NAME"
            return FirstLook(diagnosis, replace(settings, target=target), note)
    return FirstLook(refused, settings)
