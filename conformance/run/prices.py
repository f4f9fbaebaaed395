"""What tokens cost, and how many a ledger tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.contract.harness_schemas import harness_schema
from conformance.errors import FileError
from conformance.scenario.cost import Tokens
from conformance.yaml_source import fits, known_keys, plain, read

if TYPE_CHECKING:
    from conformance.trace.ledger import Ledger

PRICES = Path(__file__).parent / "prices.yaml"
MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens of one model."""

    text: Mapping[str, float]
    """`input`, `cached`, `output`."""
    audio: Mapping[str, float]

    def of(self, tokens: Tokens) -> float:
        """Return the price of *tokens* in US dollars."""
        return (_part(self.text, tokens.text_in, tokens.cached_text, tokens.text_out)
                + _part(self.audio, tokens.audio_in, tokens.cached_audio, tokens.audio_out)) / MILLION  # fmt: skip


def dollars(amount: float) -> str:
    """Write an amount of US dollars, in tenths of a thousandth below one dollar."""
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"


def _part(price: Mapping[str, float], given: int, cached: int, produced: int) -> float:
    cached = min(given, cached)
    return (given - cached) * price["input"] + cached * price.get("cached", price["input"]) + produced * price["output"]


@dataclass(frozen=True)
class Prices:
    """A dated table of prices."""

    as_of: str
    models: Mapping[str, Price] = field(default_factory=dict)

    def of(self, model: str | None) -> Price | None:
        """Return the price of a model, or of the model of which it is a dated snapshot (`NAME-2025-…`)."""
        if not model:
            return None
        name = model.rpartition("/")[2]
        near = [each for each in self.models if name == each or name.startswith(f"{each}-20")]
        return self.models[max(near, key=len)] if near else None


def load_prices(path: Path | None = None) -> Prices:
    """Read a table of prices, by default the bundled one; FileError says what is wrong with it."""
    path = path or PRICES
    data = read(path, FileError)
    known_keys(data, harness_schema("prices")["properties"], path, FileError)
    fits(data, harness_schema("prices"), path, FileError)
    told = plain(data)
    models = {name: Price(each["text"], each["audio"]) for name, each in told["models"].items()}
    return Prices(told["as_of"], models)


def tokens_of(ledger: Ledger) -> Tokens:
    """Add up what an endpoint says it used, its transcriptions included; what it does not split is text."""
    total = Tokens()
    for line in ledger.lines:
        count = {name: number or 0 for name, number in line.counts.items()}
        given, produced = count["input"], count["output"]
        audio_in, audio_out = min(count["input_audio"], given), min(count["output_audio"], produced)
        total += Tokens(
            text_in=given - audio_in,
            audio_in=audio_in,
            text_out=produced - audio_out,
            audio_out=audio_out,
            cached_text=count["cached_text"] if count["cached_audio"] else max(count["cached"], count["cached_text"]),
            cached_audio=count["cached_audio"],
        )
    return total
