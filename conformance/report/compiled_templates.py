"""Compiled templates, kept where Python keeps the bytecode of modules: compiling a page costs more than filling it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class CompiledTemplates(BytecodeCache):
    """Keeps them where it may write; a bucket knows whether it is of this source and of these versions."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what was kept of a template, if anything was."""
        with suppress(OSError), self._place(bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, whole or not at all."""
        if sys.dont_write_bytecode:
            return
        place = self._place(bucket)
        part = place.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                bucket.write_bytecode(file)
            part.replace(place)

    def _place(self, bucket: Bucket) -> Path:
        return Path(cache_from_source(str(self.home / f"{bucket.key}.j2")))
