"""The public interface: small, lazy, and as the page about it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_examples_of_the_page_run(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    exec(compile(EXAMPLES[number], f"docs/api.md, example {number + 1}", "exec"), {"__name__": "example"})


def test_every_public_name_is_there_and_on_the_page():
    for name in conformance.__all__:
        assert getattr(conformance, name) is not None
        assert re.search(rf"\b{name}\b", PAGE), name


def test_a_name_that_is_not_public_is_told_as_missing():
    with pytest.raises(AttributeError, match="no attribute 'judgement'"):
        conformance.judgement  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    script = "import sys, conformance; print([m for m in sys.modules if m.startswith('conformance.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
