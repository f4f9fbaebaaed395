"""The plugin's own modules are imported as any library's: nothing of them is compiled anew by pytest."""

import gc
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader

from conformance.plugin.imports import OwnModules, imported_plainly
from conformance.resources import folder


def test_own_modules_are_found_and_no_others():
    assert isinstance(
        OwnModules.find_spec("conformance.errors", sys.modules["conformance"].__path__).loader, SourceFileLoader
    )
    assert OwnModules.find_spec("json") is None
    assert OwnModules.find_spec("conformance_of_another") is None


def test_no_garbage_is_looked_for_while_modules_are_imported(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [OwnModules, *sys.meta_path])
    finders = list(sys.meta_path)
    with imported_plainly():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert sys.meta_path == finders


def test_a_run_leaves_the_bytecode_that_any_import_leaves(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(tmp_path / "bytecode")
    scenario = folder("scenarios") / "response" / "text_turn.yaml"
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:randomly", str(scenario)]
    subprocess.run(command, cwd=tmp_path, env=kept, check=True, capture_output=True)

    of_rules = [path.name for path in (tmp_path / "bytecode").rglob("rules/engine/__pycache__/*.pyc")]
    of_rules += [path.name for path in (tmp_path / "bytecode").rglob("rules/engine/*.pyc")]
    assert of_rules
    assert not [name for name in of_rules if "-pytest-" in name]
