"""Compiled templates are kept like the bytecode of modules, and never trusted where they do not fit."""

import sys

import jinja2
import pytest

from conformance.report.compiled_templates import CompiledTemplates


@pytest.fixture
def template(tmp_path, monkeypatch):
    """Return a function that renders the template of a folder in a fresh environment."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.j2").write_text("one {{ value }}")

    def render():
        loader = jinja2.FileSystemLoader(tmp_path)
        environment = jinja2.Environment(loader=loader, autoescape=True, bytecode_cache=CompiledTemplates(tmp_path))
        return environment.get_template("page.j2").render(value="<")

    return render


def kept(tmp_path):
    return [path for path in (tmp_path / "bytecode").rglob("*") if path.is_file()]


def test_what_is_kept_gives_the_same_text(template, tmp_path):
    first = template()
    (file,) = kept(tmp_path)
    written = file.stat().st_mtime_ns

    assert [first, template()] == ["one &lt;"] * 2
    assert file.stat().st_mtime_ns == written


def test_another_source_is_compiled_anew(template, tmp_path):
    template()
    (tmp_path / "page.j2").write_text("two {{ value }}")

    assert template() == "two &lt;"


def test_a_broken_file_is_written_again(template, tmp_path):
    template()
    (file,) = kept(tmp_path)
    file.write_bytes(b"no bytecode")

    assert template() == "one &lt;"
    assert file.read_bytes() != b"no bytecode"


def test_nothing_is_kept_where_python_keeps_nothing(template, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert template() == "one &lt;"
    assert kept(tmp_path) == []


def test_a_place_that_cannot_be_written_costs_the_time_only(template, tmp_path):
    (tmp_path / "bytecode").write_text("a file")

    assert template() == "one &lt;"
