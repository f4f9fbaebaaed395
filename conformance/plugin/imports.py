"""How the plugin imports the rest of the package: as what it is, a library.

pytest marks all of a plugin's modules as tests whose `assert` statements are to be rewritten.  It then compiles them
anew, beside the bytecode that the installation made, and wherever it must not write, in every run.  We have nothing to
be rewritten.
"""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    import pytest

OURS = __name__.partition(".")[0] + "."


class OwnModules:
    """Finds the modules of this package before pytest's hook does."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how a module of ours is loaded; None if it is another's."""
        return PathFinder.find_spec(name, path, target) if name.startswith(OURS) else None


@contextmanager
def imported_plainly() -> Iterator[None]:
    """Import our modules as any library's from now on, and let no garbage be looked for in this block."""
    if OwnModules not in sys.meta_path:
        sys.meta_path.insert(0, OwnModules)
    enabled = gc.isenabled()
    gc.disable()  # classes and functions stay: hundreds of modules would be walked through a dozen times
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def spare_hypothesis(config: pytest.Config) -> None:
    """Dismiss hypothesis's plugin from a run that used none of it: its last words import all of it to say nothing."""
    plugins = config.pluginmanager
    plugin = plugins.get_plugin("hypothesispytest")
    if plugin is not None and "hypothesis" not in sys.modules and not plugins.hasplugin("dsession"):
        plugins.unregister(plugin)
