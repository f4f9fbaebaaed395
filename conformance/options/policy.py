"""From options to `Policy`: the baseline, the budgets, and how often to try again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import FileError, UsageError
from conformance.generate import KINDS
from conformance.options.soak import AFTERWARDS, soak_plan
from conformance.play.bounds import RUN
from conformance.resources import folder
from conformance.run.baseline import Baseline, BaselineEntry
from conformance.run.baseline_file import entries_in
from conformance.run.budget import Limits
from conformance.run.policy import Policy
from conformance.run.prices import load_prices
from conformance.run.retry_policy import RETRIES

if TYPE_CHECKING:
    from conformance.options.given import Given
    from conformance.run.settings import Settings
    from conformance.run.soak_plan import SoakPlan


def policy_of(given: Given, settings: Settings) -> Policy:
    """Read the options; UsageError says which one is wrong."""
    today = datetime.now(UTC).date()
    file = _path(given, "baseline")
    update = bool(given.value("update-baseline"))
    if update and file is None:
        raise UsageError("--update-baseline needs a file", "Name it with --baseline=FILE; it need not exist yet.")
    soak = soak_plan(given)
    policy = Policy(
        limits=_limits(given, soak),
        prices=load_prices(_path(given, "prices")),
        model=settings.target.model or _model_in(settings.target.url),
        retries=_times(given, "retries", RETRIES),
        retry_unexpected=_times(given, "retry-unexpected", 0),
        baseline=Baseline(_entries(given, file, update=update), today),
        file=file,
        update=update,
        plan=bool(given.value("plan")),
        soak=soak,
        today=today,
    )
    if policy.limits.usd is not None and policy.price is None:
        raise UsageError(
            f"--max-usd: there are no prices for {policy.model or 'the model, which was not named'}",
            "Name the model (--model=NAME), or give a price table (--prices=FILE).",
        )
    if policy.plan and given.several_processes:
        raise UsageError("--plan cannot be combined with -n", "Leave -n out, or add -n 0.")
    if policy.plan and soak is not None:
        cure = "What a soak costs depends on how fast the endpoint is; bound it: --max-usd=USD, --max-tokens=N."
        raise UsageError("--plan cannot be combined with --soak", cure)
    return policy


def _limits(given: Given, soak: SoakPlan | None) -> Limits:
    tokens, sessions, seconds, usd = (_amount(given, f"max-{what}") for what in ("tokens", "sessions", "time", "usd"))
    usual = RUN if soak is None else max(RUN, soak.seconds + AFTERWARDS)
    return Limits(tokens, sessions, usual if seconds is None else seconds, usd)


def _model_in(url: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(url).query).get("model", [""])[0]


def _path(given: Given, flag: str) -> Path | None:
    file = given.value(flag)
    return (given.folder / file) if file else None


def _amount(given: Given, flag: str) -> float | None:
    number: float | None = given.value(flag)
    if number is not None and not number >= 0:
        raise UsageError(f"--{flag}: {number} is less than 0")
    return number


def _times(given: Given, flag: str, usual: int) -> int:
    number = given.value(flag)
    if number is not None and number < 0:
        raise UsageError(f"--{flag}: {number} is less than 0")
    return usual if number is None else int(number)


def _entries(given: Given, file: Path | None, *, update: bool) -> tuple[BaselineEntry, ...]:
    if file is None or (update and not file.exists()):
        return ()
    from conformance.relay.rules import known_rules

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        cure = "" if file.exists() else "The first one is written by a whole run with --update-baseline."
        raise FileError(f"--baseline: cannot be read: {why}", cure, where=str(file)) from error
    if not text.strip() and update:
        return ()
    shown = Path(given.value("baseline"))
    return entries_in(text, shown, known_rules(), lambda name: _exists(given, name))


def _exists(given: Given, scenario: str) -> bool:
    """Return whether there is a scenario of that id: a bundled one, one of the project, or one that was named."""
    homes: list[Any] = [folder("scenarios"), given.root]
    named = {Path(each.partition("::")[0]).stem for each in given.arguments}
    return (
        scenario in KINDS
        or scenario in named
        or any((home / f"{scenario}{end}").is_file() for home in homes for end in (".yaml", ".yml"))
    )
