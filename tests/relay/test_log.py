"""The log of a gateway: only what is written during the run counts."""

import asyncio

import pytest

from conformance.errors import UsageError
from conformance.relay.dial import Keys
from conformance.relay.log import LogFile, looked_at

KEYS = Keys("key-of-the-gateway-000", ("sk-of-a-client-00000",))


def test_what_stood_there_before_is_passed_over_and_a_new_file_is_read_from_its_beginning(tmp_path):
    path = tmp_path / "access.log"
    path.write_text("sk-of-a-client-00000 long ago\n")
    log = LogFile(path)

    assert asyncio.run(log.read()) == ""
    with path.open("a") as file:
        file.write("GET /v1/realtime\n")
    assert asyncio.run(log.read()) == "GET /v1/realtime\n"
    path.write_text("anew\n")
    assert asyncio.run(log.read()) == "anew\n"
    path.unlink()
    assert asyncio.run(log.read()) == ""


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("GET /v1/realtime", ()),
        ("?token=sk-of-a-client-00000", ("client",)),
        ("Bearer key-of-the-gateway-000", ("upstream",)),
    ],
)
def test_keys_in_it_are_told_apart(text, whose):
    assert looked_at(text, KEYS).keys == whose


def test_a_log_that_is_not_there_is_one_message(tmp_path):
    with pytest.raises(UsageError, match="--gateway-log"):
        LogFile(tmp_path / "nowhere.log")
