"""Endpoints with the manners of the real ones come out clean, with nothing but a URL and a key."""

import pytest

from conformance.contract.auth_styles import STYLES

AZURES_STYLES = ("bearer", "api-key", "query-api-key")


@pytest.mark.parametrize(
    ("quirks", "auth_styles", "refusal"),
    [
        ("real-openai-2026-09", ("bearer", "subprotocol"), "openai"),
        ("real-azure-2026-09", AZURES_STYLES, "http"),
    ],
)
def test_nothing_is_held_against_what_the_real_endpoints_do(folder, endpoint, quirks, auth_styles, refusal):
    folder.discovers = True
    url = endpoint(quirks=quirks, auth_styles=auth_styles, refusal=refusal)

    result = folder.pytest(f"--endpoint={url}", "--strict-conformance", "--examples=5", "--seed=1")

    assert result.returncode == 0, result.stdout[-3000:]
    assert "conformant: " in result.stdout


def test_a_key_in_a_style_that_is_not_known_to_be_read_conflicts_with_nothing(folder, endpoint):
    folder.discovers = True
    asked = [f"--endpoint={endpoint(auth_styles=['bearer'])}", "-k", "refuses_conflicting_keys", "-rs"]

    alone, all_styles = folder.pytest(*asked), folder.pytest(*asked, "--auth=all", "--strict-conformance")

    assert "the endpoint is known to read keys in one style only" in " ".join(alone.stdout.split())
    assert all_styles.returncode == 0
    assert "MAY    note      connection.conflicting-keys-are-refused" in all_styles.stdout
    assert len(STYLES) > 1


def test_a_project_that_turns_warnings_into_errors_gets_warnings_of_ours(folder, endpoint):
    folder.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    folder.talk("turn")

    result = folder.pytest("turn.yaml", f"--endpoint={endpoint('item-joins-before-it-is-added')}")

    assert result.returncode == 0, result.stdout
    assert "SHOULD" in result.stdout
