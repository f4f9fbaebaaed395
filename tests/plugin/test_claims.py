"""What a profile claims: losing it fails, having more is told, and its excuses can be taken away."""

import subprocess
import sys

import pytest
import yaml

from conformance.reference.session.core import FEATURES

PROMISES = {"title": "Pinned", "sources": ["its docs"], "dialect": "ga", "path": "/v1/realtime", "auth": ["bearer"]}
RETRIEVES = """\
scenario: An item is read back.
needs: [retrieve]
proves: [items.retrieving-is-answered]
steps:
  - say: {id: item_1, text: Hello.}
  - retrieve: item_1
"""
COMMAND = [sys.executable, "-c", "import sys; from conformance.commands.cli import main; main(sys.argv[1:])"]
BROKEN = "ordering.response-done-is-last"
WAIVED = {BROKEN: {"reason": "A delta comes late.", "source": "its documents"}}


@pytest.fixture
def pinned(folder):
    """Write a profile and give the option that names it."""
    folder.discovers = True

    def write(**claims):
        return f"--profile={folder.write('pinned.yml', yaml.safe_dump({**PROMISES, **claims}))}"

    return write


def lacking(feature):
    return {"features": FEATURES - {feature}}


def test_a_pinned_feature_that_is_lost_fails(folder, endpoint, pinned):
    folder.write("retrieves.yaml", RETRIEVES)

    result = folder.pytest("retrieves.yaml", f"--endpoint={endpoint(**lacking('retrieve'))}", pinned())

    assert result.returncode == 1
    assert "items.retrieving-is-answered" in result.stdout


def test_what_is_not_claimed_is_not_asked_for_but_told_where_it_works(folder, endpoint, pinned):
    folder.write("retrieves.yaml", RETRIEVES)
    folder.talk("turn")
    claims = pinned(features={"without": ["retrieve", "g711"]})

    result = folder.pytest(".", f"--endpoint={endpoint()}", claims, "--examples=0")

    assert result.returncode == 0, result.stdout
    assert "offered, though the profile does not claim it: g711, retrieve" in result.stdout
    assert "the profile does not claim retrieve" in folder.pytest("retrieves.yaml", "-rs", claims).stdout


def test_what_is_neither_claimed_nor_there_is_no_news(folder, endpoint, pinned):
    folder.talk("turn")
    claims = pinned(features={"without": ["retrieve"]})

    result = folder.pytest("turn.yaml", f"--endpoint={endpoint(**lacking('retrieve'))}", claims)

    assert result.returncode == 0
    assert "though the profile" not in result.stdout


def test_waivers_excuse_until_they_are_taken_away(folder, endpoint, pinned):
    folder.talk("turn")
    asked = ["turn.yaml", f"--endpoint={endpoint('delta-follows-its-response')}", pinned(waivers=WAIVED)]

    excused, naked = folder.pytest(*asked), folder.pytest(*asked, "--no-waivers")

    assert (excused.returncode, naked.returncode) == (0, 1), excused.stdout
    assert "1 requirement broken that the profile excuses" in " ".join(excused.stdout.split())
    assert f"MUST   excused   {BROKEN}" in excused.stdout
    assert "turn: response.output_text.delta of " in excused.stdout
    assert "excused" not in naked.stdout
    assert "the profile excuses" not in naked.stdout
    assert "pinned.yml without its waivers" in naked.stdout
    assert BROKEN in naked.stdout
    assert "--no-waivers" in naked.stdout.partition("reproduce:")[2]


def test_a_waiver_of_a_rule_that_does_not_exist_is_a_mistake(folder, pinned):
    result = folder.pytest(pinned(waivers={"ordering.response-done-is-lost": WAIVED[BROKEN]}))

    assert result.returncode == 4
    assert "ordering.response-done-is-last" in result.stderr


def test_what_an_endpoint_offers_can_be_pinned(folder, endpoint, key):
    url, poorer = endpoint(**lacking("tools")), endpoint(features=FEATURES - {"tools", "retrieve"})
    told = subprocess.run(
        [*COMMAND, "discover", url], env=folder.environment(key), capture_output=True, text=True, check=True, timeout=60
    )
    folder.write("pinned.yml", told.stdout)
    folder.write("retrieves.yaml", RETRIEVES)

    same = folder.pytest("retrieves.yaml", f"--endpoint={url}", "--profile=pinned.yml")
    lost = folder.pytest("retrieves.yaml", f"--endpoint={poorer}", "--profile=pinned.yml")

    assert yaml.safe_load(told.stdout)["features"] == {"without": ["tools"]}
    assert (same.returncode, lost.returncode) == (0, 1), same.stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [("stranger=sk-0000000", "there is no role 'stranger'"), ("restricted", "no key for restricted")],
)
def test_a_key_of_somebody_unknown_is_one_message_and_status_4(folder, given, told):
    result = folder.pytest(f"--token-for={given}")

    assert result.returncode == 4
    assert told in result.stdout + result.stderr


def test_who_gives_no_key_of_others_is_not_asked_about_them_and_styles_that_were_left_out_are_told(
    folder, endpoint, key
):
    options = [f"--endpoint={endpoint()}", f"--token={key}", "--examples=0", "-rs"]
    others = ("scenarios/connection/close_handshake.yaml", "scenarios/connection/plain_get.yaml")
    alone = folder.pytest(*options, "scenarios/keys/restricted.yaml", *others)
    beside = folder.pytest(*options, f"--token-for=restricted={key}-restricted", "scenarios/keys/restricted.yaml")

    assert "--token-for restricted=KEY" in alone.stdout
    assert "auth styles that were not tried: query-token" in alone.stdout
    assert beside.returncode == 0, beside.stdout
    assert f"{key}-restricted" not in beside.stdout
