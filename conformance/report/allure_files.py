"""What Allure shows of the whole run: the environment, who executed it, and the categories of what went wrong.

Allure 2 reads `categories.json` beside the results; Allure 3 wants the same in its configuration, `allurerc.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from conformance.report.inert import one_line
from conformance.report.provenance import rules_digest, tool_version
from conformance.report.sentence import sentence_of
from conformance.rules.rule_packs import packs

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.result import RunResult

#: Category -> statuses, and what is found in the message; `^` stands for its beginning.
CATEGORIES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("Requirement broken (MUST)", ("failed",), r"^MUST\b"),
    ("Requirement not kept (SHOULD)", ("failed", "passed"), r"^SHOULD\b"),
    ("Conversation stopped", ("failed",), r"^The conversation did not get through its script"),
    ("Unproven: the evidence is missing", ("failed",), r"^unproven\b"),
    ("Inconclusive: the model did not do what it was asked", ("skipped",), r"inconclusive\b"),
    ("Known failure", ("skipped",), r"known: "),
    ("Not applicable", ("skipped",), r"not applicable\b"),
    ("Environment (429, 5xx, DNS, TLS)", ("broken",), r"the environment got in the way"),
    ("Not run: the budget", ("skipped",), r"not run\b"),
    ("Internal error of this tool", ("broken",), r""),
)


def write_allure_files(folder: Path, result: RunResult) -> None:
    """Write the files that stand beside Allure's results, scrubbed."""
    scrub = result.settings.scrub
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{name}={scrub(one_line(text, 1000))}\n" for name, text in environment_of(result).items())
    (folder / "environment.properties").write_text(lines, encoding="utf-8")
    executor = {"name": "realtime-conformance", "type": "realtime-conformance", "buildName": str(result.outcome)}
    _write(folder / "executor.json", executor)
    _write(folder / "categories.json", categories())
    _write(folder.parent / "allurerc.json", allurerc(folder.name))


def environment_of(result: RunResult) -> dict[str, str]:
    """Return what is shown beside the results."""
    settings = result.settings
    return {
        "verdict": sentence_of(result),
        "outcome": str(result.outcome),
        "endpoint": "embedded reference" if settings.embedded else settings.target.url,
        "dialect": settings.target.dialect.name,
        "profile": settings.profile.name if settings.profile is not None else "none",
        "auth": settings.auth or settings.target.auth,
        "model": settings.target.model or "not named",
        "version": tool_version(),
        "rules": rules_digest(),
        "seed": str(result.seed) if result.seed is not None else "none",
        **{f"rules.{vendor}": f"{len(pack.rules)} ({pack.distribution})" for vendor, pack in packs().items()},
    }


def categories() -> list[dict[str, Any]]:
    """Return `categories.json` of Allure 2, which is Java and fits a pattern to the whole message."""
    return [
        {"name": name, "matchedStatuses": list(statuses), "messageRegex": _whole(pattern)}
        for name, statuses, pattern in CATEGORIES
    ]


def allurerc(results: str) -> dict[str, Any]:
    """Return a configuration for Allure 3, which is JavaScript: `allure generate` in the reports folder finds it."""
    return {
        "name": "realtime-conformance",
        "output": "allure-report",
        "plugins": {"awesome": {"options": {"singleFile": True, "groupBy": ["epic", "feature", "story"]}}},
        "categories": {
            "rules": [
                {"name": name, "matchers": {"statuses": list(statuses), "message": pattern}}
                for name, statuses, pattern in CATEGORIES
            ]
        },
        "variables": {"results": results},
    }


def _whole(pattern: str) -> str:
    """Return the pattern of a whole message, of several lines, in which *pattern* is found."""
    begin = "" if pattern.startswith("^") else ".*"
    return f"(?s){begin}{pattern.removeprefix('^')}.*"


def _write(path: Path, value: Any) -> None:
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
