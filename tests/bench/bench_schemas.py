"""What validating costs, against `orjson.loads` of the same event: never more.

Run with `pytest tests/bench/bench_schemas.py`; each pair is one benchmark group.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import orjson
import pytest
from conformance.contract.schemas import Schemas, schemas_for
from conformance.trace.trace import Direction

SAMPLES = Path(__file__).parents[1] / "contract" / "samples" / "ga" / "server"


def sample(name: str) -> dict:
    return orjson.loads((SAMPLES / f"{name}.json").read_bytes())


def small_delta() -> dict:
    return sample("response.output_text.delta")


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
    "delta of 200 bytes": small_delta,
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
    data = orjson.dumps(event)

    def cost(work: Callable[[], object], rounds: int = 2000) -> float:
        before = time.process_time()
        for _ in range(rounds):
            work()
        return (time.process_time() - before) / rounds

    pairs = [(cost(lambda: schemas.problems(Direction.SERVER, event)), cost(lambda: orjson.loads(data))) for _ in range(9)]
    ratio = median(validate / parse for validate, parse in pairs)
    assert ratio <= 1.0, f"{name}: validating costs x{ratio:.2f} of parsing"
