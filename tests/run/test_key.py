import shlex
import sys

import pytest

from conformance.errors import UsageError
from conformance.run.key import from_command, from_file, from_variable

KEY = "sk-canary-0123456789abcdef"


def test_a_variable_is_read(monkeypatch):
    monkeypatch.setenv("SOME_KEY", f"{KEY}\n")

    assert from_variable("SOME_KEY") == KEY


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(UsageError, match="the variable NO_SUCH_KEY is not set"):
        from_variable("NO_SUCH_KEY")


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_a_variable_that_is_set_to_nothing_is_no_key(monkeypatch, nothing):
    monkeypatch.setenv("SOME_KEY", nothing)

    with pytest.raises(UsageError, match="the variable SOME_KEY is empty"):
        from_variable("SOME_KEY")


def test_the_first_line_of_a_file_is_the_key(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"\n  {KEY}\nsecond line\n")

    assert from_file(file) == KEY


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_a_file_without_a_key_is_refused(tmp_path, content):
    file = tmp_path / "key"
    file.write_bytes(content)

    with pytest.raises(UsageError, match="--token-file"):
        from_file(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        from_file(tmp_path / "missing")


def python(code):
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


def test_the_first_line_that_a_command_prints_is_the_key():
    assert from_command(python(f"print('{KEY}'); print('bye')")) == KEY


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("no-such-command-anywhere", "No such file"),
        ("'unbalanced", "it is not a command"),
        ("", "it is not a command"),
        (python("pass"), "it contains no key"),
    ],
)
def test_a_command_that_gives_no_key_is_refused(command, told):
    with pytest.raises(UsageError, match=told):
        from_command(command)


def test_what_a_failing_command_printed_is_not_repeated():
    with pytest.raises(UsageError) as raised:
        from_command(python(f"import sys; print('{KEY}'); sys.exit('{KEY}')"))

    assert "status 1" in str(raised.value)
    assert "canary" not in str(raised.value)
