"""One place for each kind of addition: each is made in a copy of the tree, and works there with the files it names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RULE = "rate_limits.names-are-distinct"


def append(text):
    return lambda old: old + text


def insert(before, text):
    def change(old):
        assert before in old
        return old.replace(before, text + before, 1)

    return change


#: Kind of addition -> file -> how it changes (a function of its text), or what it holds if it is new.
ADDITIONS = {
    "rule": {
        "conformance/rules/rate_limits.py": append(f'''

@rules.must("{RULE}", about={{"rate_limits.updated"}}, covers=("RAT-01",), spec=SPEC)
def names_are_distinct(view: View) -> Judged:
    """No limit is told twice in one event."""
    for frame in view.server("rate_limits.updated"):
        names = [mapping(each).get("name") for each in listing(frame.event.get("rate_limits"))]
        yield HELD if len(set(names)) == len(names) else Finding(frame.index, "A limit is told twice.", "once", "twice")
'''),
        f"fixtures/rules/{RULE}/samples.yaml": f"""rule: {RULE}
holds:
  one: [{{server: rate_limits.updated, rate_limits: [{{name: tokens, limit: 5, remaining: 5, reset_seconds: 0}}]}}]
breaks:
  twice: [{{server: rate_limits.updated, rate_limits: [{{name: tokens}}, {{name: tokens}}]}}]
""",
        "conformance/mutants/rate_limits.py": insert(
            "faults.rows(\n",
            f"""faults.rows(
    ("limits-are-told-twice", "{RULE}", "response/two_turns", "", "Every limit is told twice.",
     lambda _: setting("rate_limits.updated", rate_limits=[TOKENS, TOKENS])),
)
""",
        ),
        "scenarios/response/two_turns.yaml": insert("steps:\n", f"  - {RULE}\n"),
    },
    "event": {
        "schemas/ga/server/response.thought.json": (
            '{"$id": "https://realtime-conformance.invalid/ga/server/response.thought.json", '
            '"type": "object", "required": ["type", "event_id", "thought"], '
            '"properties": {"type": {"const": "response.thought"}, '
            '"event_id": {"type": "string"}, "thought": {"type": "string"}}}'
        ),
        "tests/contract/samples/ga/server/response.thought.json": (
            '{"type": "response.thought", "event_id": "event_1", "thought": "Hm."}'
        ),
    },
    "mutant": {
        "conformance/mutants/usage.py": insert(
            "faults.rows(\n",
            """faults.rows(
    ("usage-is-lost", "usage.completed-has-usage", TEXT_TURN, "", "A response that is done has no usage at all.",
     lambda _: putting(DONE, USAGE, None)),
)
""",
        ),
    },
    "step": {
        "conformance/scenario/steps/input_audio.py": append('''

def _humming(here: Spending, written: Step, _clip: Clip) -> Cost:
    return here.hear(float(written.argument))


def _briefly(written: Step) -> Iterator[tuple[str, str]]:
    if written.argument < 1:
        yield "nobody hears so short a `hum`", "Hum longer."


@step({"type": "number"}, costs=_humming, contradictions=_briefly, example="- hum: 2")
def hum(context: ScriptContext, written: Step) -> Script:
    """Hum for that many seconds."""
    return (yield from _append(context, silence(int(written.argument * 1000), context.input_format), CHUNK))
'''),
    },
    "report format": {
        "conformance/report/formats/verdicts.py": '''"""`verdicts.txt`, a line for each rule."""

from conformance.report.report_file import ReportFile


def _lines(result, _evidence, _when):
    return "".join(f"{line.rule.id}: {line.verdict}\\n" for line in result.rules.lines)


VERDICTS = ReportFile("verdicts.txt", _lines)
''',
    },
    "profile": {
        "conformance/contract/profiles/acme.yaml": """title: Acme
sources: [https://acme.test/docs]
dialect: ga
path: /v1/realtime
auth: [bearer]
""",
    },
    "auth style": {
        "conformance/contract/auth_styles.py": insert(
            '    "bearer":', '    "acme": AuthStyle(Place.HEADER, "X-Acme-Key"),\n'
        ),
    },
    "dialect": {
        "conformance/contract/revisions/gamma.py": '''"""The revision that comes next."""

from dataclasses import replace

from conformance.contract.revisions.ga import GA as BEFORE

GAMMA = replace(BEFORE, name="gamma", title="gamma", tells=frozenset({"response.gamma.done"}), session_tells=())
''',
        "schemas/gamma": ROOT / "schemas" / "ga",
    },
}
#: Kind -> Python that runs in the copy, and fails if the addition is not complete.
CHECKS = {
    "rule": f"""
from conformance.commands.selftest import prove
from conformance.mutants.rehearsal import bundled
from conformance.rules import RULES
assert "{RULE}" in RULES
assert "{RULE}" in bundled("response/two_turns").proves
assert prove(("limits-are-told-twice",))[1]
""",
    "event": """
from conformance.contract.dialects import DIALECTS
from conformance.contract.schemas import schemas_for
from conformance.trace.trace import Direction
assert "response.thought" in DIALECTS["ga"].server_events
assert schemas_for("ga").problems(Direction.SERVER, {"type": "response.thought", "event_id": "e", "thought": 1})
""",
    "mutant": """
from conformance.commands.selftest import prove
assert prove(("usage-is-lost",))[1]
""",
    "step": """
from pathlib import Path
from conformance.commands.docs import pages
from conformance.contract.dialects import DIALECTS
from conformance.errors import ScenarioError
from conformance.mutants.rehearsal import rehearse
from conformance.run.cost import cost_of
from conformance.scenario.load import loads
from conformance.scenario.static_checks import dead
head = "scenario: Somebody hums.\\nsteps:\\n  - configure: {turn_detection: null}\\n"
scenario = loads(head + "  - hum: 2\\n  - commit\\n", Path("hum.yaml"))
(trace,) = rehearse(scenario, "ga").traces
assert sum(each.type == "input_audio_buffer.append" for each in trace) == 20, trace
assert cost_of(scenario, "ga", None).heard == 2
assert [each.message for each in dead(loads(head + "  - hum: 0.5\\n", Path("hum.yaml")), DIALECTS)] == [
    "nobody hears so short a `hum`"
]
try:
    loads(head + "  - hum: loudly\\n", Path("hum.yaml"))
except ScenarioError as error:
    assert "hum.yaml:4" in error.where, error.where
else:
    raise AssertionError("its argument is checked")
written = {path.name: text for path, text in pages().items()}
assert "Hum for that many seconds." in written["steps.md"]
assert '"hum": {"description"' in written["scenario.json"]
""",
    "report format": """
from pathlib import Path
from conformance import run
from conformance.report.files import write_files
result = run.play(scenarios=["response/text_turn"], reports=Path("results"))
write_files(result)
assert "usage.total-is-the-sum: pass\\n" in Path("results/verdicts.txt").read_text()
assert Path("results/report.json").exists()
""",
    "profile": """
from conformance.contract.profile import load_profile
assert load_profile("acme").title == "Acme"
""",
    "auth style": """
from conformance.contract.harness_schemas import harness_schema
from conformance.mutants.rehearsal import rehearse
assert "acme" in harness_schema("profile")["$defs"]["auth_style"]["enum"]
(trace, *_) = rehearse("connection/accepts_the_key", "ga", auth="acme").traces
assert trace.handshake.request_headers == ("X-Acme-Key",), trace.handshake
assert trace.handshake.status == 101
assert rehearse("connection/refuses_a_wrong_key", "ga", auth="acme").traces[0].handshake.status == 401
""",
    "dialect": """
from conformance.contract.dialects import DIALECTS, recognise
from conformance.contract.harness_schemas import harness_schema
from conformance.contract.schemas import schemas_for
from conformance.commands.cli import DIALECT
from conformance.scenario.model import Scenario
assert "gamma" in DIALECT.choices
assert "gamma" in harness_schema("scenario")["$defs"]["dialect"]["enum"]
assert recognise([{"type": "response.gamma.done"}]) is DIALECTS["gamma"]
assert "session.created" in DIALECTS["gamma"].server_events
""",
}
#: The tests of the harness that ask for what is missing, run in the copy.
TESTS = {
    "event": ["tests/contract/test_schemas.py", "-k", "every_event_has_a_sample or response.thought"],
    "rule": ["tests/rules/test_rules.py", "tests/rules/test_samples.py", "-k", RULE],
}


@pytest.fixture
def copy(tmp_path):
    """A copy of the tree, with the bytecode that is there: it holds for files of the same age and size."""
    for name in ("conformance", "schemas", "scenarios", "fixtures", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("contract", "rules"):
        shutil.copytree(ROOT / "tests" / name, tmp_path / "tests" / name)
    for name in ("conftest.py", "preloaded.py", "samples.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def add(home, files):
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copytree(content, path)
        else:
            path.write_text(content(path.read_text("utf-8")) if callable(content) else content, encoding="utf-8")


def run(home, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=home, env=os.environ | {"PYTHONPATH": str(home)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("rule", 4),
        ("event", 2),
        ("mutant", 1),
        ("profile", 1),
        ("auth style", 1),
        ("dialect", 2),
        ("step", 1),
        ("report format", 1),
    ],
)
def test_an_addition_needs_no_more_places_than_are_promised(copy, kind, most):
    assert len(ADDITIONS[kind]) <= most
    add(copy, ADDITIONS[kind])

    checked = run(copy, "-c", CHECKS[kind])
    assert checked.returncode == 0, checked.stderr
    if kind in TESTS:
        tested = run(copy, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", *TESTS[kind])
        assert tested.returncode == 0, tested.stdout[-3000:]


@pytest.mark.parametrize(
    ("kind", "missing", "asked_for"),
    [
        ("event", "tests/contract/samples/ga/server/response.thought.json", "response.thought"),
        ("rule", f"fixtures/rules/{RULE}/samples.yaml", "samples.yaml"),
        ("rule", "conformance/mutants/rate_limits.py", "mutant"),
        ("rule", "scenarios/response/two_turns.yaml", "proves"),
    ],
)
def test_what_an_addition_lacks_is_asked_for_by_name(copy, kind, missing, asked_for):
    add(copy, {name: content for name, content in ADDITIONS[kind].items() if name != missing})

    tested = run(copy, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *TESTS[kind])

    assert tested.returncode == 1
    assert asked_for in tested.stdout
