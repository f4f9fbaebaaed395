"""Docstrings of functions begin as PEP 257 has it; ruff's D401 asks for the imperative, this for the usual verb."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNUSUAL = re.compile(r"(Give|Tell whether)\b")  # PEP 257 writes `Return …`, of generators `Yield …`


def test_docstrings_say_return_or_yield_where_a_function_returns_or_yields():
    assert [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for room in ("conformance", "tests")
        for path in sorted((ROOT / room).rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and UNUSUAL.match(ast.get_docstring(function, clean=False) or "")
    ] == []
