"""Rules of others in the real command: packages of vendors lie on the path, as if they were installed."""

import json
import re

import pytest

RULES = '''\
from conformance.rules.engine.rule import HELD, Chapter, Finding

rules = Chapter("{vendor}/")
SPEC = "https://{vendor}.example/spec"


@rules.must("{vendor}/greets", about={{"session.created"}}, covers=(), spec=SPEC)
def greets(view):
    """The session greets."""
    yield HELD


@rules.must("{vendor}/answers-in-verse", about={{"response.done"}}, covers=(), spec=SPEC)
def answers_in_verse(view):
    """The answer is in verse."""
    for frame in view.server("response.done"):
        yield {verse}


@rules.should("{vendor}/is-asked-to-wait", about={{"rate_limits.refused"}}, covers=(), spec=SPEC)
def is_asked_to_wait(view):
    """Whoever is too fast is asked to wait."""
    yield HELD
'''
KEPT, BROKEN, CRASHING = "HELD", 'Finding(frame.index, "It is in prose.")', "1 / 0"
ACME = "keeps-every-other-rule-of-acme"
LATE = "delta-follows-its-response"


@pytest.fixture
def vendor(folder, monkeypatch):
    """Return `vendor(name, source)`: its package lies on the path from now on."""
    site = folder.path / "site"
    usual = folder.environment
    monkeypatch.setattr(folder, "environment", lambda token: {**usual(token), "PYTHONPATH": str(site)})

    def install(name, verse=KEPT, source=RULES):
        folder.write(f"site/{name}_rules.py", source.format(vendor=name, verse=verse))
        info = f"site/{name}_rules-1.0.dist-info"
        folder.write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}-rules\nVersion: 1.0\n")
        folder.write(f"{info}/entry_points.txt", f"[realtime_conformance.rules]\n{name} = {name}_rules:rules\n")

    return install


def told(result):
    """Return what was printed, in one line."""
    return " ".join(result.stdout.split())


def report(folder):
    return json.loads((folder.path / "reports/report.json").read_text(encoding="utf-8"))


def test_a_vendors_rules_have_items_and_a_part_of_the_summary(folder, vendor):
    vendor("acme")
    folder.talk("talk", proves="ordering.response-done-is-last, acme/greets")

    result = folder.pytest("talk.yaml", "-v")

    assert result.returncode == 0, result.stdout
    assert "rules of acme: 3 (acme-rules 1.0)" in result.stdout
    for item in ("acme/greets", "keeps-every-other-rule", ACME):
        assert f"talk.yaml::{item} PASSED" in result.stdout
    assert "rules of acme: 2 proved, 1 not exercised" in result.stdout
    assert re.search(r"^incomplete \(a selection\): .* over 1 conversation$", result.stdout, re.MULTILINE)


def test_a_broken_rule_of_a_vendor_is_told_under_its_name_and_ends_with_1(folder, vendor):
    vendor("acme", BROKEN)
    folder.talk("talk")

    result = folder.pytest("talk.yaml", "-v")

    assert result.returncode == 1
    assert "talk.yaml::keeps-every-other-rule PASSED" in result.stdout
    assert f"talk.yaml::{ACME} FAILED" in result.stdout
    assert "MUST of acme: The answer is in verse." in result.stdout
    assert "  reproduce: pytest talk " in result.stdout
    assert "rules of acme: 1 proved, 1 broken, 1 not exercised" in result.stdout
    assert re.search(
        r"^NOT conformant: 1 MUST of acme broken \(over 1 conversation, a selection\)$", result.stdout, re.MULTILINE
    )
    assert (report(folder)["outcome"], report(folder)["packs"]["acme"]["kept"]) == ("not conformant", False)


def test_two_vendors_and_the_protocol_are_judged_apart(folder, vendor, endpoint):
    vendor("acme", BROKEN)
    vendor("zeta")
    folder.talk("talk", proves="ordering.response-done-comes")

    result = folder.pytest("--endpoint=" + endpoint(LATE), "talk.yaml", "-v")

    assert result.returncode == 1
    assert "talk.yaml::keeps-every-other-rule FAILED" in result.stdout
    assert f"talk.yaml::{ACME} FAILED" in result.stdout
    assert "talk.yaml::keeps-every-other-rule-of-zeta PASSED" in result.stdout
    summary = result.stdout.partition("= conformance =")[2]
    assert "\n  rule      ordering.response-done-is-last (RSP-05)" in summary
    assert "MUST of acme: The answer is in verse.\n  rule      acme/answers-in-verse" in summary
    assert "acme" not in next(line for line in summary.splitlines() if line.startswith("rules: "))
    assert "rules of zeta: 2 proved, 1 not exercised" in result.stdout
    assert re.search(r"^NOT conformant: .*, 1 MUST of acme broken \(", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("broken", ["import something_that_is_not_here\n", "rules = 42\n", "1 / 0\n"])
def test_a_pack_that_cannot_be_used_is_status_4_and_one_message(folder, vendor, broken):
    vendor("acme", source=broken)
    folder.talk("talk")

    result = folder.pytest("talk.yaml")

    assert result.returncode == 4
    assert "ERROR: the rules of acme cannot be used (acme-rules 1.0, entry point acme = acme_rules:rules)" in (
        result.stderr
    )
    assert "Traceback" not in result.stdout + result.stderr
    assert not (folder.path / "reports").exists()


def test_a_run_that_is_not_ours_loads_no_pack(folder, vendor):
    vendor("acme", source="1 / 0\n")
    folder.write("test_theirs.py", "def test_nothing():\n    pass\n")

    assert folder.pytest("test_theirs.py").returncode == 0


def test_a_crash_in_a_vendors_rule_is_the_vendors(folder, vendor):
    vendor("acme", CRASHING)
    folder.talk("talk")

    result = folder.pytest("talk.yaml", "-v")

    assert result.returncode == 3
    assert "talk.yaml::keeps-every-other-rule PASSED" in result.stdout
    assert "This is a bug in the rules of acme, not in the endpoint" in told(result)
    assert "1 rule of acme not judged because of a bug in that pack" in told(result)


def test_a_vendors_rule_may_be_a_known_failure(folder, vendor):
    vendor("acme", BROKEN)
    folder.talk("mine/talk")
    folder.write("known.yaml", "known:\n  - rule: acme/answers-in-verse\n    issue: https://x.test/1\n")

    known = folder.pytest("mine", "--baseline=known.yaml")
    vendor("acme")
    fixed = folder.pytest("mine", "--baseline=known.yaml")

    assert known.returncode == 0, known.stdout
    assert "1 xfailed" in known.stdout
    assert "1 known failure of acme" in told(known)
    assert fixed.returncode == 1
    assert "acme/answers-in-verse passes now" in told(fixed)


def test_an_update_of_the_baseline_takes_a_vendors_rules(folder, vendor):
    vendor("acme", BROKEN)
    folder.talk("mine/talk")

    folder.pytest("mine", "--baseline=known.yaml", "--update-baseline")
    again = folder.pytest("mine", "--baseline=known.yaml")

    assert "  - rule: acme/answers-in-verse\n" in (folder.path / "known.yaml").read_text(encoding="utf-8")
    assert again.returncode == 0, again.stdout


def test_a_profile_may_waive_a_vendors_rule(folder, vendor):
    vendor("acme", BROKEN)
    folder.talk("talk", proves="acme/answers-in-verse")
    waiver = "  acme/answers-in-verse: {reason: It is prose., source: their page}\n"
    folder.write(
        "mine.yaml",
        "title: Mine\nsources: [their page]\ndialect: ga\npath: /v1/realtime\nauth: [bearer]\nwaivers:\n" + waiver,
    )

    result = folder.pytest("talk.yaml", "--profile=mine.yaml", "-v")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "talk.yaml::acme/answers-in-verse SKIPPED" in result.stdout


def test_workers_judge_by_them_too(folder, vendor):
    vendor("acme", BROKEN)
    for name in ("one", "two"):
        folder.talk(name, proves="acme/greets")

    result = folder.pytest("one.yaml", "two.yaml", "-n", "2")

    assert result.returncode == 1
    assert "2 failed, 6 passed" in result.stdout
    assert "rules of acme: 1 proved, 1 broken, 1 not exercised" in result.stdout
    assert "1 MUST of acme broken" in told(result)


def test_generated_examples_are_judged_by_them_in_items_of_their_own(folder, vendor):
    vendor("acme", BROKEN)
    lean = ("-m", "generated", "-k", "conversations", "--examples=4", "--seed=3", "--dialect=ga", "-v")

    result = folder.pytest(*lean)

    assert result.returncode == 1
    assert "generated/conversations::whole PASSED" in result.stdout
    assert f"generated/conversations::{ACME} FAILED" in result.stdout
    assert "1 MUST of acme broken" in told(result)
    assert "(over 1 conversation, " in told(result)
    (found,) = (folder.path / "reports/found").iterdir()
    assert found.name.startswith("acme_answers-in-verse-")


def test_what_our_search_played_is_not_played_again_for_a_vendor(folder, vendor):
    lean = ("-m", "generated", "-k", "conversations", "--examples=4", "--seed=3", "--dialect=ga")
    alone = told(folder.pytest(*lean))
    vendor("acme")

    beside = told(folder.pytest(*lean))

    sessions = re.compile(r"[0-9]+ sessions")
    assert "1 passed" in alone
    assert "2 passed" in beside
    assert sessions.search(alone)[0] == sessions.search(beside)[0]


def test_allure_shows_them_under_the_vendors_name(folder, vendor):
    vendor("acme", BROKEN)
    folder.talk("talk", proves="acme/greets")

    folder.pytest("talk.yaml")

    labels = {}
    for file in (folder.path / "reports/allure-results").glob("*-result.json"):
        result = json.loads(file.read_text(encoding="utf-8"))
        labels[result["fullName"]] = {each["name"]: each["value"] for each in result["labels"]}
    theirs = {name for name, each in labels.items() if each["epic"] == "rules of acme"}
    assert theirs == {"talk::acme/greets", f"talk::{ACME}"}
    assert labels["talk::acme/greets"]["story"] == "The session greets."
    assert "acme" not in str(labels["talk::keeps-every-other-rule"])


def test_without_a_pack_nothing_is_said_of_packs(folder, endpoint):
    folder.talk("talk")

    result = folder.pytest("talk.yaml", "-v")

    assert "rules of" not in result.stdout
    assert "keeps-every-other-rule-of" not in result.stdout
    assert "packs" not in report(folder)
