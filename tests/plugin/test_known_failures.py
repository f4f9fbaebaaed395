"""The baseline over the real command: what is printed is kept as golden files (REALTIME_GOLDEN=write renews them)."""

import os
import re
from pathlib import Path

import pytest

from conformance.commands.serve import hooks_of
from conformance.reference.server.server import Server
from tests.conftest import KEY, Folder, listening

GOLDEN = Path(__file__).parent / "golden"
BREAKS = "delta-follows-its-response"
STOPS = "updates-are-never-answered"

LISTED = "known:\n  - rule: {rule}\n    scenario: talk\n    issue: https://issues.test/7\n"


def section(result):
    """Return the part of the terminal about the baseline, without what differs from run to run."""
    found = re.search(r"^=+ baseline .*?(?=^=+ conformance)", result.stdout, re.MULTILINE | re.DOTALL)
    text = re.sub(r"resp_\w+", "resp_1", found[0] if found else result.stderr)
    return f"status {result.returncode}\n{text}"


def golden(name, text):
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("REALTIME_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.fixture
def broken(folder, endpoint):
    """Return `broken(baseline, *options)`: run the talk against an endpoint that breaks one rule."""
    folder.talk("talk")

    def run(baseline, *options, mutant=BREAKS):
        folder.write("known.yaml", baseline)
        return folder.pytest(f"--endpoint={endpoint(mutant)}", "--baseline=known.yaml", *options, ".")

    return run


@pytest.fixture(scope="module")
def rule(tmp_path_factory):
    """The rule that the endpoint breaks, as it tells itself."""
    folder = Folder(tmp_path_factory.mktemp("rule"))
    folder.talk("talk")
    folder.write("known.yaml", "known: []\n")
    with listening(Server(tokens=(KEY,), models=("gpt-realtime",), hooks=hooks_of(BREAKS))) as server:
        result = folder.pytest(f"--endpoint={server.url}?model=gpt-realtime", "--baseline=known.yaml", ".")
    return re.search(r"^not listed (\S+) in", result.stdout, re.MULTILINE)[1]


def test_listed_and_failing_is_known(broken, rule):
    result = broken(LISTED.format(rule=rule), "-rx")

    golden("listed-and-failing", section(result))
    assert "xfailed" in result.stdout
    assert "1 known failure" in result.stdout


def test_not_listed_and_failing_is_red(broken):
    golden("not-listed-and-failing", section(broken("known: []\n")))


def test_listed_and_passing_is_red_and_names_the_line(broken, rule):
    golden("listed-and-passing", section(broken(LISTED.format(rule=rule), mutant="")))


def test_not_listed_and_passing_is_clean(broken):
    golden("not-listed-and-passing", section(broken("known: []\n", mutant="")))


def test_another_message_is_red(broken, rule):
    golden("other-message", section(broken(LISTED.format(rule=rule) + "    message: Something else\n")))


def test_an_expired_entry_is_red(broken, rule):
    golden("expired", section(broken(LISTED.format(rule=rule) + "    expires: 2020-01-31\n")))


def test_an_intermittent_has_a_rate(broken, rule):
    golden("intermittent", section(broken(LISTED.format(rule=rule) + "    outcomes: [pass, fail]\n")))


def test_an_entry_for_other_runs_excuses_nothing(broken, rule):
    golden("other-runs", section(broken(LISTED.format(rule=rule) + "    when: {dialect: beta}\n")))


def test_an_unknown_rule_stops_before_anything_is_played(broken):
    golden("unknown-rule", section(broken(LISTED.format(rule="response.done-is-lost"))))


def test_an_unknown_scenario_stops_before_anything_is_played(broken, rule):
    golden("unknown-scenario", section(broken(LISTED.format(rule=rule).replace("talk", "tale"))))


def test_a_conversation_that_is_known_to_stop_excuses_what_it_did_not_get_to(broken):
    text = LISTED.format(rule="plays") + LISTED.format(rule="session.an-update-is-answered").removeprefix("known:\n")
    result = broken(text, "--answer-timeout=0.3", mutant=STOPS)

    assert "stopped" not in section(result)
    golden("stops", section(result))


def test_an_update_writes_what_failed_and_the_next_run_is_clean(broken, folder):
    first = broken("", "--update-baseline")
    written = (folder.path / "known.yaml").read_text(encoding="utf-8")
    golden("update", section(first) + "\n" + written)

    assert broken(written).returncode == 0


def test_an_update_takes_out_what_is_fixed(broken, folder, rule):
    text = f"# ours\nknown:\n  # keep me not\n  - rule: {rule}\n    scenario: talk\n    issue: 1\n# the end\n"
    golden("update-fixed", section(broken(text, "--update-baseline", mutant="")))

    assert (folder.path / "known.yaml").read_text(encoding="utf-8") == "# ours\nknown: []\n# the end\n"


@pytest.mark.parametrize("selection", ["-k plays", "-m must", "talk.yaml", "--maxfail=1"])
def test_a_partial_run_writes_no_baseline(broken, folder, selection):
    folder.talk("tale")
    result = broken("known: []\n", "--update-baseline", *selection.split())
    golden(
        "refused-update", section(result) if selection == "-k plays" else (GOLDEN / "refused-update.txt").read_text()
    )

    assert "The baseline was not written: only a part was played." in result.stdout
    assert result.returncode == 1
    assert (folder.path / "known.yaml").read_text(encoding="utf-8") == "known: []\n"


def test_known_failures_hold_under_xdist_too(broken, rule):
    result = broken(LISTED.format(rule=rule), "-n2")

    assert result.returncode == 0, result.stdout
    assert "1 known failure" in result.stdout
