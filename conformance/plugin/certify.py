"""`--certify=FILE.zip`: the whole suite three times, with nothing that could soften it, and the archive of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.commands.verify import MOST_TOLD, unjudged, verified
from conformance.contract.profile import load_profile
from conformance.errors import ConformanceError
from conformance.options.table import OPTIONS
from conformance.plugin.options import given_in, value
from conformance.report.certificate import REPETITIONS, SEED, CertifiedRun, certified, certify, refuse_own_waivers
from conformance.report.formats.page import PAGE
from conformance.report.inert import one_line
from conformance.run.finished import finished
from conformance.run.folder import once_interrupted
from conformance.run.outcome import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Options that do not change what is judged, nor how.
NEUTRAL = frozenset(
    {"certify", "endpoint", "model", "token", "token-env", "token-file", "token-command", "auth", "dialect", "profile"}
    | {
        "sessions",
        "ca-file",
        "header",
        "secret-header",
        "connect-timeout",
        "answer-timeout",
        "prices",
        "retries",
        "reports",
    }
)
#: pytest's own options that leave items out, by the name of their value.
SELECTING = {"-k": "keyword", "-m": "markexpr", "--deselect": "deselect", "--lf": "lf", "--sw": "stepwise"}
SELECTING |= {"--maxfail": "maxfail", "--collect-only": "collectonly", "--ignore": "ignore", "-n": "numprocesses"}
#: Beside the reports of other runs.
FOLDER = "certify"
#: Seconds that an interrupted repetition has to end by itself: Ctrl-C reaches it, a signal to this process does not.
GRACE = 5.0


def certify_run(config: pytest.Config) -> int:
    """Play the suite as often as a certificate asks for and write it; return the exit status."""
    if softening := list(_softening(config)):
        raise pytest.UsageError(f"--certify cannot be combined with {', '.join(softening)}")
    _refuse_early(config)
    target = config.invocation_params.dir / value(config, "certify")
    _refuse_unwritable(target)
    home = config.invocation_params.dir / (value(config, "reports") or "reports") / FOLDER
    repetitions = []
    for number in range(1, REPETITIONS + 1):
        folder = home / str(number)
        print(f"repetition {number} of {REPETITIONS}: {folder}", flush=True)
        status = _play(config, folder)
        if status not in (ExitStatus.CLEAN, ExitStatus.BROKEN):
            why = ExitStatus(status).name.lower() if status in [*ExitStatus] else "unknown"
            print(f"no certificate: repetition {number} was not judged to its end (status {status}, {why}), see above")
            return status
        repetitions.append(CertifiedRun(finished(folder), folder))
    try:
        levels = certify(target, repetitions)["levels"]
        found = verified(target)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    if not found.valid:  # nobody is handed what nobody else would accept
        target.unlink()
        print("no certificate: the traces do not support it", *map(one_line, found.differences[:MOST_TOLD]), sep="\n  ")
        return ExitStatus.BROKEN
    print(*_told(levels, found.statement, target), sep="\n")
    if certified(levels):
        return ExitStatus.CLEAN
    print(f"Not every claimed level is conformant; {home / '1' / PAGE.name} says why.")
    return ExitStatus.BROKEN


def _refuse_early(config: pytest.Config) -> None:
    """Refuse before anything is played what would be refused after it."""
    try:
        given_in(config).refuse_empty()
        if (name := value(config, "profile")) is not None:
            refuse_own_waivers(load_profile(name))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


def _refuse_unwritable(target: Path) -> None:
    """Refuse a certificate that cannot be written where it shall lie; nothing that is there is touched."""
    wrong = next(
        (
            why
            for why, true in (
                ("is a folder", target.is_dir()),
                ("its folder does not exist", not target.parent.is_dir()),
                ("its folder cannot be written to", not os.access(target.parent, os.W_OK)),
            )
            if true
        ),
        "",
    )
    if wrong:
        raise pytest.UsageError(f"--certify={target}: {wrong}\nName a file: --certify=certificate.zip")


def _softening(config: pytest.Config) -> Iterator[str]:
    """Yield the options that leave something out or excuse it."""
    for option in OPTIONS:
        if option.name not in NEUTRAL and value(config, option.name) is not None:
            yield option.flag
    for flag, name in SELECTING.items():
        if config.getoption(name, None):
            yield flag
    if config.args_source.name == "ARGS":
        yield from config.args


def _play(config: pytest.Config, folder: Path) -> int:
    """Play the suite once in a process of its own."""
    ours = [f"--reports={folder}", f"--seed={SEED}", "--examples=0"]
    command = [sys.executable, "-m", "pytest", *_without_values(config.invocation_params.args), *ours]
    undo = once_interrupted()
    try:
        with subprocess.Popen(command, cwd=config.invocation_params.dir) as process:  # noqa: S603
            return _ended(process)
    finally:
        undo()


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a repetition and return its status; interrupted, it writes what it has, whoever of us heard of it."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait()
            return ExitStatus.INTERRUPTED
        finally:
            signal.signal(signal.SIGINT, before)


def _without_values(arguments: tuple[str | Path, ...] | list[str]) -> Iterator[str]:
    """Yield the arguments without `--certify` and `--reports`, each with its value in one word or in two."""
    skip = False
    for each in map(str, arguments):
        if not skip and not each.startswith(("--certify=", "--reports=")) and each not in ("--certify", "--reports"):
            yield each
        skip = each in ("--certify", "--reports")


def _told(levels: Mapping[str, str], statement: Mapping[str, Any], target: Path) -> Iterator[str]:
    for name, status in levels.items():
        yield f"  {name:<14} {status}"
    yield from (f"  {one_line(each)}" for each in unjudged(statement))
    yield f"written: {target}   (to verify it: realtime-conformance verify {target.name})"
