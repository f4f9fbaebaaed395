"""A balance is a number somewhere in JSON, from a URL or a command."""

import asyncio
import sys

import pytest

from conformance.errors import UsageError
from conformance.relay.balance import BalanceCommand, number_in


@pytest.mark.parametrize(
    ("body", "path", "number"),
    [(b"12.5", (), 12.5), (b'{"a": {"b": [1, "7"]}}', ("a", "b", "1"), 7.0), (b'{"used": 3}', ("used",), 3.0)],
)
def test_a_number_is_found(body, path, number):
    assert number_in(body, path, "here") == number


@pytest.mark.parametrize(
    ("body", "path", "told"),
    [(b"<html>", (), "no JSON"), (b'{"a": 1}', ("b",), "there is no 'b'"), (b'{"a": "x"}', ("a",), "is no number")],
)
def test_what_is_no_number_is_one_message(body, path, told):
    with pytest.raises(UsageError, match=told):
        number_in(body, path, "here")


def test_a_command_prints_it():
    command = f"{sys.executable} -c 'print(41 + 1)'"

    assert asyncio.run(BalanceCommand(command).read()) == 42.0


def test_a_command_that_fails_is_one_message():
    with pytest.raises(UsageError, match="--balance-command"):
        asyncio.run(BalanceCommand("no-such-command-here").read())
