"""Rules of others: what an installed package may give, how it is refused, and that an id tells whose it is."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from conformance.commands import cli
from conformance.commands.lint import remarks
from conformance.corpus import verdict
from conformance.errors import PackError
from conformance.play.player import Outcome
from conformance.report.sentence import sentence_of
from conformance.resources import folder
from conformance.rules import RULES
from conformance.rules.engine.judge import Verdict
from conformance.rules.engine.rule import HELD, Chapter, Finding
from conformance.rules.rule_packs import GROUP, judged_rules, packs
from conformance.run.record import AttemptRecord, KnownFailure, RuleRecord
from tests.records import record, result, whole_report

MUST = "ordering.response-done-is-last"
SESSION = {"type": "session.created", "event_id": "event_1", "session": {"object": "realtime.session"}}


def chapter(vendor="acme", *, breaks=False):
    rules = Chapter(f"{vendor}/")
    saying = {"covers": (), "spec": "https://acme.example/spec"}

    @rules.must(f"{vendor}/greets", about={"session.created"}, **saying)
    def greets(view):
        """The session greets."""
        yield Finding(0, "No greeting.") if breaks else HELD

    @rules.should(f"{vendor}/is-friendly", about={"response.done"}, **saying)
    def is_friendly(view):
        """The answer is friendly."""
        yield from ()

    return rules


class Entry:
    """What we use of an entry point."""

    def __init__(self, name, value, dist="acme-rules 1.0"):
        self.name, self.given, self.value = name, value, "acme_rules:rules"
        self.dist = type("Dist", (), dict(zip(("name", "version"), dist.split(" "), strict=True)))

    def load(self):
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


@pytest.fixture
def installed(monkeypatch):
    """Return `installed(*entries)`: what is found from now on."""

    def forget():
        packs.cache_clear()
        judged_rules.cache_clear()
        verdict._dispatch.cache_clear()

    def install(*entries):
        forget()
        found = importlib.metadata.entry_points
        given = lambda **asked: entries if asked == {"group": GROUP} else found(**asked)  # noqa: E731
        monkeypatch.setattr(importlib.metadata, "entry_points", given)

    yield install
    forget()


def test_without_a_pack_our_rules_alone_judge(installed):
    installed()

    assert packs() == {}
    assert judged_rules() == RULES


def test_a_chapter_or_several_make_a_pack(installed):
    more = Chapter("acme/session")
    more.must("acme/session.stays", about={"*"}, covers=(), spec="")(_says("The session stays."))
    installed(Entry("acme", [chapter(), more]), Entry("zeta", chapter("zeta"), "zeta 2"))

    assert list(packs()["acme"].rules) == ["acme/greets", "acme/is-friendly", "acme/session.stays"]
    assert packs()["zeta"].distribution == "zeta 2"
    assert list(judged_rules()) == [*RULES, *packs()["acme"].rules, "zeta/greets", "zeta/is-friendly"]
    assert {rule.vendor for rule in judged_rules().values()} == {"", "acme", "zeta"}


def test_a_vendor_may_bring_two_packages(installed):
    more = Chapter("acme/")
    more.must("acme/waves", about={"*"}, covers=(), spec="")(_says("The session waves."))
    installed(Entry("acme", more, "acme-more 1.1"), Entry("acme", chapter()))

    assert set(packs()["acme"].rules) == {"acme/greets", "acme/is-friendly", "acme/waves"}
    assert packs()["acme"].distribution == "acme-more 1.1 and acme-rules 1.0"


def _says(sentence):
    def check(view):
        yield HELD

    check.__doc__ = sentence
    return check


def named(name, sentence="It is so."):
    rules = Chapter(name.rpartition("/")[0] + "/")
    rules.must(name, about={"*"}, covers=(), spec="")(_says(sentence))
    return rules


def broken_off():
    yield chapter()
    raise RuntimeError("no more")


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([Entry("acme", ModuleNotFoundError("No module named 'acme_rules'"))], "No module named 'acme_rules'"),
        ([Entry("acme", SystemExit(3))], "SystemExit: 3"),
        ([Entry("acme", broken_off())], "RuntimeError: no more"),
        ([Entry("acme", 42)], "an object of type int where a Chapter"),
        ([Entry("acme", ["rules"])], "an object of type str where a Chapter"),
        ([Entry("acme", Chapter)], "Chapter where a Chapter"),
        ([Entry("acme", [])], "it gives no rules"),
        ([Entry("acme", chapter("other"))], "the rule 'other/greets' is not called 'acme/…'"),
        ([Entry("acme", named("acme/two words"))], "the rule 'acme/two words' is not called"),
        ([Entry("acme", named("acme/a/b"))], "the rule 'acme/a/b' is not called"),
        ([Entry("acme", named("acme/silent", ""))], "the rule 'acme/silent' has no docstring"),
        ([Entry("acme", [chapter(), chapter()])], "two rules are called 'acme/greets'"),
        ([Entry("acme", chapter()), Entry("acme", chapter())], "two rules are called 'acme/greets'"),
        ([Entry("Acme Inc", chapter())], "'Acme Inc' is no vendor's name"),
    ],
)
def test_a_pack_that_cannot_be_used_is_one_message_with_its_package(installed, entries, told):
    installed(*entries)

    with pytest.raises(PackError) as caught:
        packs()

    assert told in str(caught.value)
    assert f"(acme-rules 1.0, entry point {entries[0].name} = acme_rules:rules)" in str(caught.value)
    assert "Mend or update acme-rules" in caught.value.cure


def test_our_chapters_have_a_dot_in_their_ids():
    with pytest.raises(ValueError, match="is not of the chapter"):
        Chapter("session").must("session/greets", about={"*"}, covers=(), spec="")


@pytest.mark.parametrize(
    ("theirs", "how", "outcome", "told"),
    [
        ("pass", {}, "conformant", "conformant: 1 MUST and 0 SHOULD requirements proved over 1 conversation"),
        ("fail", {}, "not conformant", "NOT conformant: 1 MUST of acme broken (over 1 conversation)"),
        (
            "error",
            {},
            "not proved",
            "not proved: 1 rule of acme not judged because of a bug in that pack (over 1 conversation)",
        ),
        ("unproven", {}, "not proved", "not proved: 1 promised rule of acme unproven (over 1 conversation)"),
        ("unproven", {"allow_unproven": True}, "conformant", "over 1 conversation"),
    ],
)
def test_the_verdict_counts_a_vendors_rules_and_says_whose_they_are(installed, theirs, how, outcome, told):
    installed(Entry("acme", chapter()))

    summed = result(record("a", {MUST: "pass", "acme/greets": theirs}), **how)

    assert summed.outcome == outcome
    assert sentence_of(summed).endswith(told)
    assert len(summed.rules.lines) == len(RULES)


def test_a_vendors_should_rule_counts_when_strict(installed):
    installed(Entry("acme", chapter()))
    said = record("a", {MUST: "pass", "acme/is-friendly": "warning"})

    mild, strict = result(said), result(said, strict=True)

    assert (mild.outcome, strict.outcome) == ("conformant", "not conformant")
    assert sentence_of(mild).endswith("; 1 SHOULD of acme not kept")


def test_known_and_flaky_are_told_of_whose_rules_they_are(installed):
    installed(Entry("acme", chapter()))
    known = {"acme/greets": RuleRecord(Verdict.KNOWN, known=KnownFailure("1", "fail"))}
    attempt = AttemptRecord(Outcome.PLAYED, "", ("acme/greets",))
    flaky = record("b", {MUST: "pass"}, flaky=True, attempts=(attempt,))

    summed = result(record("a", known), flaky)

    assert (summed.rules.known, summed.rules.flaky) == (0, 0)
    assert sentence_of(summed).endswith("; 1 known failure of acme; 1 conversation flaky by the rules of acme")
    assert result(flaky, strict=True).outcome == "not proved"


def test_rules_that_judged_and_are_not_installed_any_more_are_missed(installed):
    installed()

    assert sentence_of(result(record("a", {"acme/greets": "fail", MUST: "pass"}))).endswith(
        "; rules of acme not shown: not installed here"
    )


def test_the_report_holds_a_vendors_rules_under_a_key_of_their_own(installed):
    schema = json.loads((folder("schemas") / "harness" / "report.json").read_text(encoding="utf-8"))
    installed()
    without = whole_report(result(record("a", {MUST: "pass"})))
    installed(Entry("acme", chapter()))
    report = json.loads(json.dumps(whole_report(result(record("a", {MUST: "pass", "acme/greets": "fail"})))))

    assert report["packs"]["acme"]["kept"] is False
    assert [each["verdict"] for each in report["packs"]["acme"]["rules"]] == ["fail", "not run"]
    assert report["conversations"][0]["packs"] == {"acme": {"acme/greets": {"verdict": "fail"}}}
    assert list(report["conversations"][0]["rules"]) == [MUST]
    assert "acme" not in json.dumps(report["rules"])
    assert "packs" not in {*without, *without["conversations"][0]}
    assert list(Draft202012Validator(schema).iter_errors(report)) == []


def test_check_tells_them_apart_and_ends_with_1(installed, tmp_path):
    trace = tmp_path / "a.jsonl"
    trace.write_text(json.dumps(SESSION) + "\n", encoding="utf-8")
    installed(Entry("acme", chapter(breaks=True)), Entry("zeta", chapter("zeta"), "zeta 2"))

    told = CliRunner().invoke(cli.command, ["check", str(trace)])

    lines = told.output.splitlines()
    at = next(number for number, line in enumerate(lines) if "rules of acme in" in line)
    assert lines[at].startswith("broken ")
    assert "1 MUST" in lines[at]
    assert any("MUST of acme: The session greets." in line for line in lines[at:])
    assert not any("acme" in line for line in lines[:at])
    assert any(line.startswith("clean ") and "rules of zeta in" in line for line in lines)
    assert told.exit_code == 1


def test_the_command_lists_them_last_and_tells_about_one(installed):
    installed(Entry("acme", chapter()))

    listed = CliRunner().invoke(cli.command, ["rules"]).output
    told = CliRunner().invoke(cli.command, ["rules", "acme/greets"]).output

    ours, theirs = listed.split("\nrules of acme (acme-rules 1.0)\n")
    assert "acme" not in ours
    assert theirs.splitlines() == [
        "  MUST   greets  The session greets.",
        "  SHOULD is-friendly  The answer is friendly.",
    ]
    assert told == "acme/greets\n\nMUST: The session greets.\n\nSource: https://acme.example/spec\n"


def test_the_command_refuses_a_broken_pack_with_4(installed, capsys):
    installed(Entry("acme", ImportError("it is gone")))

    with pytest.raises(SystemExit) as ended:
        cli.main(["rules"])

    assert ended.value.code == 4
    assert capsys.readouterr().err.startswith("error: the rules of acme cannot be used (acme-rules 1.0, ")


def test_scenarios_may_promise_a_vendors_rules(installed, tmp_path):
    script = tmp_path / "talk.yaml"
    script.write_text("scenario: Hello.\nproves: [acme/greets, acme/gretes]\nsteps: [connect]\n", encoding="utf-8")
    installed(Entry("acme", chapter()))

    (mistake,) = [str(each) for each in remarks(script) if not each.warning]

    assert "there is no rule 'acme/gretes'" in mistake
    assert "Did you mean 'acme/greets'?" in mistake


def test_the_pack_on_the_page_about_scenarios_works(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    section = page.partition("## Your own rules")[2].partition("\n## ")[0]
    files = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", section, re.DOTALL))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = tmp_path / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (entry,) = project["entry-points"][GROUP].items()
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{' = '.join(entry)}\n")

    def python(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    tested = python("-m", "pytest", "-q", "-pno:randomly", "test_acme_rules.py")
    listed = python("-c", LISTING)

    assert tested.returncode == 0, tested.stdout
    assert "rules of acme (acme-rules 1.0)\n  MUST   greets-in-time" in listed.stdout, listed.stderr


LISTING = "import sys; sys.path.insert(0, ''); from conformance.commands.cli import main; main(['rules'])"
