"""Keys that a header, a subprotocol or a text cannot hold as they are."""

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.play.auth import carries

ODD = ["sk-canary/0123", "sk-canary=0123", "sk-canary:0123", 'sk-canary"0123', "sk-canary 0123", "sk-canäry-0123"]
SUBPROTOCOL = """\
scenario: The key travels in a subprotocol.
steps:
  - connect: {auth: subprotocol}
"""


@pytest.mark.parametrize("key", ODD)
def test_a_url_carries_every_key_and_a_subprotocol_does_not(key):
    assert [carries(style, key) for style in ("query-token", "query-api_key", "query-api-key")] == [True] * 3
    assert not carries("subprotocol", key)
    assert carries("bearer", key) is carries("api-key", key) is key.isascii()


@pytest.mark.parametrize("key", ["sk-canary\n0123", "sk-canary\x000123", " sk-canary-0123"])
def test_no_header_carries_a_key_with_controls(key):
    assert not carries("api-key", key)


def test_an_ordinary_key_travels_in_every_style():
    assert all(carries(style, "sk-proj-abc_DEF-0123.456") for style in STYLES)


@pytest.mark.parametrize("key", ODD[:5])
def test_an_endpoint_is_judged_and_asked_what_it_offers_with_an_odd_key(folder, endpoint, key):
    folder.discovers = True
    folder.talk("talk")
    folder.write("subprotocol.yaml", SUBPROTOCOL)
    result = folder.pytest(f"--endpoint={endpoint(tokens=(key,))}", ".", "-rs", token=key)
    told = result.stdout + result.stderr

    assert result.returncode == 0, told
    assert "not applicable: the key holds a character that cannot travel in the auth style subprotocol" in " ".join(
        told.split()
    )
    assert "INTERNALERROR" not in told
    assert "sk-can" not in told


@pytest.mark.parametrize(("key", "style"), [("sk-canary/0123", "subprotocol"), ("sk-canäry-0123", "bearer")])
def test_a_key_that_the_chosen_style_cannot_carry_is_one_sentence(folder, deaf_port, key, style):
    folder.talk("talk")
    result = folder.pytest(f"--endpoint=ws://127.0.0.1:{deaf_port}", f"--auth={style}", ".", token=key)

    assert result.returncode == 4
    assert f"the key holds a character that cannot travel in the auth style {style}" in result.stderr
    assert "sk-can" not in result.stdout + result.stderr


@pytest.mark.parametrize("key", ["realtime", "session", "completed", "123456"])
def test_a_key_that_is_a_word_of_the_protocol_brings_no_false_guilt(folder, endpoint, key):
    folder.talk("talk")
    result = folder.pytest(f"--endpoint={endpoint(tokens=(key,))}", ".", token=key)

    assert result.returncode == 0, result.stdout


CRASH = """\
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    raise ValueError("{key}")
"""


def test_an_internal_error_of_pytest_does_not_show_the_key(folder, endpoint, key):
    folder.talk("talk")
    folder.write("conftest.py", CRASH.format(key=key))
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml", "--debug")
    told = result.stdout + result.stderr + (folder.path / "pytestdebug.log").read_text(encoding="utf-8")

    assert "INTERNALERROR" in told
    assert key not in told.replace((folder.path / "conftest.py").read_text(encoding="utf-8"), "")
