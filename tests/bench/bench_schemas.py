"""What validating costs, against `orjson.loads` of the same event: never more.

Run with `pytest tests/bench/bench_schemas.py`; each pair is one benchmark group.
"""

from __future__ import annotations

import base64
from pathlib import Path
from timeit import Timer
from typing import TYPE_CHECKING

import orjson
import pytest

from conformance.contract.schemas import Schemas, schemas_for
from conformance.trace.trace import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).parents[1] / "contract" / "samples" / "ga" / "server"


def sample(name: str) -> dict:
    return orjson.loads((SAMPLES / f"{name}.json").read_bytes())


def small_delta() -> dict:
    return {**sample("response.output_text.delta"), "obfuscation": "q"}


def audio_delta() -> dict:
    return {**sample("response.output_audio.delta"), "delta": base64.b64encode(bytes(12 * 1024)).decode()}


def full_session() -> dict:
    return sample("session.updated")


def five_items() -> dict:
    event = sample("response.done")
    message, call = event["response"]["output"]
    event["response"]["output"] = [message, call, message, call, message]
    return event


EVENTS: dict[str, Callable[[], dict]] = {
    "delta of 215 bytes": small_delta,
    "audio delta of 16 KB": audio_delta,
    "full session.updated": full_session,
    "response.done with five items": five_items,
}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return schemas_for("ga")


@pytest.mark.parametrize("name", EVENTS)
def test_parse(benchmark, name: str) -> None:
    benchmark.group = name
    data = orjson.dumps(EVENTS[name]())
    benchmark(orjson.loads, data)


@pytest.mark.parametrize("name", EVENTS)
def test_validate(benchmark, schemas: Schemas, name: str) -> None:
    benchmark.group = name
    event = EVENTS[name]()
    assert benchmark(schemas.problems, Direction.SERVER, event) == ()


@pytest.mark.parametrize("name", EVENTS)
def test_validating_costs_no_more_than_parsing(schemas: Schemas, name: str) -> None:
    event = EVENTS[name]()
    names = {"event": event, "data": orjson.dumps(event), "side": Direction.SERVER, "loads": orjson.loads}
    validating = Timer("problems(side, event)", globals={**names, "problems": schemas.problems})
    parsing = Timer("loads(data)", globals=names)
    # The two take turns, and the least of many turns is compared: what other processes add is not our cost.
    turns = [(validating.timeit(100), parsing.timeit(100)) for _ in range(300)]
    validate, parse = (min(times) for times in zip(*turns, strict=True))
    assert validate <= parse, f"{name}: validating costs x{validate / parse:.2f} of parsing"
