"""The sample events: a valid one of every type, and more (`<type>@<variant>.json`) where a type branches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from conformance.trace.trace import Direction

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Sample:
    dialect: str
    side: Direction
    event: dict[str, Any]
    name: str

    def copy(self) -> dict[str, Any]:
        return orjson.loads(orjson.dumps(self.event))


def read_samples() -> list[Sample]:
    return [
        Sample(
            path.parts[-3],
            Direction(path.parts[-2]),
            orjson.loads(path.read_bytes()),
            "/".join(path.parts[-3:-1]) + f"/{path.stem}",
        )
        for path in sorted(SAMPLES.glob("*/*/*.json"))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" in metafunc.fixturenames:
        samples = read_samples()
        metafunc.parametrize("sample", samples, ids=[sample.name for sample in samples])


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    return read_samples()
