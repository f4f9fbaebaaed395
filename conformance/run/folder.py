"""The folder of a run's results: its own, nobody else's files, and no end of the run if the disk is full."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import Any

import orjson

from conformance.errors import UsageError
from conformance.run.journal import FORMAT, NAME

#: Held as long as a run writes into the folder; the system lets go of it whatever ends the process.
LOCK = ".running"
#: Signals that ask a process to end; Windows has only the first.
ENDS = ("SIGTERM", "SIGHUP")
#: Bytes of the first line of a journal.
LONGEST_HEADER = 100_000
#: So many runs at once find a folder of their own beside the one that was asked for.
MOST = 100
#: So many things are named that could not be written for one reason, and so much of a mistake of ours is told.
MOST_LOST, LONGEST_MISTAKE = 10, 300


@dataclass
class Disk:
    """Where results are written; what cannot be written is told at the end, and ends nothing."""

    lost: dict[str, list[str]] = field(default_factory=dict)
    """Why -> what could not be written."""

    @property
    def trouble(self) -> str:
        """What could not be written, and why, in a sentence without its full stop; empty if all was written."""
        return "; ".join(f"{_some(what)} could not be written: {why}" for why, what in self.lost.items())

    @contextmanager
    def writing(self, report: str = "") -> Iterator[None]:
        """Do what writes; remember that it could not.

        A mistake of ours is passed on, unless a *report* is named: one that cannot be rendered costs no other one.
        """
        try:
            yield
        except OSError as error:
            self._lose(report or str(error.filename or "the results"), error.strerror or str(error))
        except Exception as error:
            if not report:
                raise
            self._lose(report, _mistake(error))

    def _lose(self, what: str, why: str) -> None:
        named = self.lost.setdefault(why, [])
        if what not in named:
            named.append(what)


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_LOST
    return ", ".join(names[:MOST_LOST]) + (f" and {more} more" if more > 0 else "")


def _mistake(error: Exception) -> str:
    """Say what went wrong in our own code, and where."""
    frames = extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}; " if frames else ""
    told = f"{type(error).__name__}: {error}"[:LONGEST_MISTAKE]
    return f"{told} ({place}a bug in realtime-conformance, please report it)"


@dataclass(frozen=True)
class Claimed:
    """A folder that this run alone writes into."""

    path: Path
    instead_of: str = ""
    """Why it is another one than was asked for; empty if it is that."""
    release: Callable[[], None] = field(default=lambda: None, repr=False)


def claim(asked: Path) -> Claimed:
    """Take *asked*, or the next free folder beside it while another run writes there; UsageError if none can be had."""
    for number in range(1, MOST):
        path = asked if number == 1 else _beside(asked, number)
        try:
            path.mkdir(parents=True, exist_ok=True)
            handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            why = (
                "is a file" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror or str(error)
            )
            raise UsageError(f"--reports: {path}: {why}", "Give a folder that can be written: --reports=DIR") from error
        if _locked(handle):
            told = f"another run writes into {asked}: this one writes into {path}" if number > 1 else ""
            return Claimed(path, told, partial(_release, handle, path / LOCK))
        os.close(handle)
    raise UsageError(f"--reports: {MOST - 1} other runs write beside {asked}", "Give another folder: --reports=DIR")


def _beside(folder: Path, number: int) -> Path:
    """Name a folder beside *folder*, which may be the working folder and have no name of its own."""
    whole = folder if folder.name else folder.absolute()
    return whole.with_name(f"{whole.name}-{number}")


def _locked(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _release(handle: int, lock: Path) -> None:
    with suppress(OSError):
        lock.unlink()
    with suppress(OSError):
        os.close(handle)


def forget_the_last_run(reports: Path) -> None:
    """Remove what an earlier run of ours left in *reports*: nothing behind a link, and nothing where none was."""
    header = _header(reports / NAME)
    if header.get("format") != FORMAT:
        return
    traces = reports / "traces"
    named = (name for name in header.get("files", ()) if isinstance(name, str) and Path(name).name == name)
    written = (str(reports / name) for name in named)
    for old in (*_files(traces, ".jsonl"), *_files(reports / "allure-results"), *written):
        with suppress(OSError):
            os.unlink(old)  # noqa: PTH108 - thousands of files, and paths are slow


def _header(journal: Path) -> dict[str, Any]:
    """Read what a run says of itself, and of the files that it writes; empty where there was none of ours."""
    try:
        with journal.open("rb") as file:
            header = orjson.loads(file.readline(LONGEST_HEADER))
    except (OSError, orjson.JSONDecodeError):
        return {}
    return header if isinstance(header, dict) else {}


def _files(folder: Path | str, ending: str = "") -> list[str]:
    """Return the files in and below *folder* whose names end so; nothing behind a link."""
    if os.path.islink(folder):  # noqa: PTH114
        return []
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for each in entries:
            if each.is_dir(follow_symlinks=False):
                found += _files(each.path, ending)
            elif each.is_file(follow_symlinks=False) and each.name.endswith(ending):
                found.append(each.path)
    return found


def once_interrupted() -> Callable[[], None]:
    """Let a request to end (SIGTERM; SIGHUP: the terminal is gone) end the run as one Ctrl-C does; return the undoing.

    Who answers such a signal already, or ignores it (`nohup`), keeps it.
    """
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    ours = [each for name in ENDS if (each := getattr(signal, name, None)) and signal.getsignal(each) == signal.SIG_DFL]

    def interrupt(number: int, _frame: Any) -> None:
        undo()
        raise KeyboardInterrupt(signal.Signals(number).name)

    def undo() -> None:
        for each in ours:
            if signal.getsignal(each) == interrupt:
                signal.signal(each, signal.SIG_DFL)

    for each in ours:
        signal.signal(each, interrupt)
    return undo


def leave_to_the_controller() -> None:
    """Ignore in a worker process that the terminal is gone: the controller hears of it too, and ends its workers."""
    import signal
    import threading

    hangup = getattr(signal, "SIGHUP", None)
    main = threading.current_thread() is threading.main_thread()
    if main and hangup is not None and signal.getsignal(hangup) == signal.SIG_DFL:
        signal.signal(hangup, signal.SIG_IGN)
