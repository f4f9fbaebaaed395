"""A reader of our output who leaves before its end, as `head` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

#: What a shell says of a program that SIGPIPE ended (128 + 13), as `cat` and `grep` are.  Not click's 1, which here
#: means that something is broken, and not 0: what was left untold may be.
READER_LEFT = 141


class PipedGroup(click.Group):
    """Commands whose output may be left unread: help is printed while the context is made."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Read the command line."""
        with silent_when_left():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        with silent_when_left():
            return super().invoke(ctx)


@contextmanager
def silent_when_left() -> Iterator[None]:
    """Exit with `READER_LEFT` where nobody reads on, and without a word."""
    try:
        yield
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):  # what they still keep is written nowhere
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
                continue
            with suppress(OSError, ValueError, AttributeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(READER_LEFT)
