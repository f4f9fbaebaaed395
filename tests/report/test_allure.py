"""What Allure is told: items filed, titled and furnished, attachments, and nothing secret on the disk."""

import base64
import hashlib
from dataclasses import replace

import allure_commons
import orjson
import pytest
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, StatusDetails
from allure_commons.model2 import TestResult as Result
from allure_commons.model2 import TestResultContainer as Container

from conformance.contract.dialects import DIALECTS
from conformance.mutants import MUTANTS
from conformance.mutants.rehearsal import rehearse
from conformance.report.allure import AllureSide, markers, written
from conformance.report.allure_attachments import attachment, attachments_of
from conformance.report.allure_files import allurerc, categories
from conformance.report.allure_item import item_of, own_words, vendor_of
from conformance.rules import RULES
from conformance.rules.rule_packs import judged_rules
from conformance.run.ruling import judge_conversation
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, Entry, Trace
from tests.records import settings


def test_audio_is_shown_by_its_length_and_digest():
    sound = bytes(range(256)) * 8
    entry = Entry(
        0, Direction.SERVER, 0.0, {"type": "response.output_audio.delta", "delta": base64.b64encode(sound).decode()}
    )

    text = attachment(Trace((entry,)))

    assert f'"delta":"(2048 bytes, sha256 {hashlib.sha256(sound).hexdigest()[:16]})"' in text
    assert len(text) < 400


def test_long_text_stays():
    words = "a word and " * 60
    entry = Entry(0, Direction.SERVER, 0.0, {"type": "response.output_text.done", "text": words})

    assert words in attachment(Trace((entry,)))


def test_everything_that_allure_writes_is_scrubbed():
    result = Result(name="sk-secret-123", labels=[Label(name="x", value="sk-secret-123")])
    result.statusDetails = StatusDetails(message="said sk-secret-123", trace="sk-secret-123")

    assert "secret" not in written(result, Scrubber(("sk-secret-123",))).decode()


def test_each_allure_gets_patterns_of_its_own_language():
    java = {each["name"]: each["messageRegex"] for each in categories()}
    script = {each["name"]: each["matchers"]["message"] for each in allurerc("x")["categories"]["rules"]}

    assert java["Requirement broken (MUST)"] == r"(?s)MUST\b.*"
    assert script["Requirement broken (MUST)"] == r"^MUST\b"
    assert not any("(?s)" in each for each in script.values())  # JavaScript refuses it, and Allure writes no report


def test_what_an_endpoint_says_is_inert_in_a_result():
    result = Result(name="x", statusDetails=StatusDetails(message="a\x1b[2J\x00\u202e\ud800b"))

    told = written(result, Scrubber()).decode()
    assert "a␛[2J␀⟨U+202E⟩⟨U+D800⟩b" in told


LATE, LATE_RULE = "delta-follows-its-response", "ordering.response-done-is-last"
SETTINGS = settings()


def judged(scenario="response/text_turn", mutant=None, **more):
    fault = (lambda: MUTANTS[mutant].make(DIALECTS["ga"])) if mutant else None
    return replace(judge_conversation(rehearse(scenario, "ga", fault), judged_rules().values()), **more)


class Heard:
    """Listens to what Allure is told of the item that is running."""

    def __init__(self):
        self.labels, self.attached = {}, {}

    @allure_commons.hookimpl
    def add_label(self, label_type, labels):
        self.labels[label_type] = labels

    @allure_commons.hookimpl
    def attach_data(self, body, name):
        self.attached[name] = body


class Cleanups(list):
    """What of pytest's configuration is asked for."""

    add_cleanup = list.append


@pytest.fixture
def allure_run(tmp_path):
    """Return (the side of a run, what Allure hears), with the side's writer in the place of Allure's own."""
    manager, config, heard = allure_commons.plugin_manager, Cleanups(), Heard()
    theirs = AllureFileLogger(str(tmp_path))
    manager.register(theirs, name="theirs")
    manager.register(heard)
    side = AllureSide(str(tmp_path), Scrubber(("sk-secret-123",)))
    side.guard(config)
    try:
        yield side, heard
        assert not manager.is_registered(theirs)
    finally:
        for cleanup in config:
            cleanup()
        assert manager.get_plugin("theirs") is theirs
        manager.unregister(theirs)
        manager.unregister(heard)


def reported(name, status="passed", **more):
    """Let Allure report an item as allure-pytest would, and return what was written of it."""
    result = Result(name="test_x", status=status, start=5_000, stop=9_000, fullName="a.py#x", **more)
    result.labels = [Label(name="conversation_item", value=name), Label(name="host", value="my-machine")]
    allure_commons.plugin_manager.hook.report_result(result=result)
    return result


def files_in(folder, ending):
    return [orjson.loads(path.read_bytes()) for path in sorted(folder.glob(f"*-{ending}.json"))]


def test_an_item_that_passes_is_filed_titled_and_timed(allure_run, tmp_path):
    side, heard = allure_run
    conversation = judged()
    side.describe(conversation.conversation.scenario, "plays", "a::plays", SETTINGS)
    side.show("a::plays", "plays", conversation, lambda: "pytest a", whole=True)
    reported("a::plays")

    (told,) = files_in(tmp_path, "result")
    labels = {each["name"]: each["value"] for each in told["labels"]}
    assert (told["fullName"], told["status"]) == ("a::plays", "passed")
    assert told["name"].endswith(": gets through its script")
    assert labels["feature"] == "Conversations"
    assert (labels["suite"], labels["profile"]) == ("response", "no profile")
    assert "host" not in labels
    assert told["stop"] - told["start"] == round(conversation.conversation.seconds * 1000)
    assert {"configure", "respond"} <= {each["name"] for each in told["steps"]}
    assert [*heard.attached] == ["trace"]


def test_an_item_that_fails_is_filed_under_what_is_broken_with_its_evidence(allure_run, tmp_path):
    side, heard = allure_run
    conversation = judged(mutant=LATE, flaky=True)
    side.describe(conversation.conversation.scenario, LATE_RULE, "a::rule", SETTINGS)
    side.show("a::rule", LATE_RULE, conversation, lambda: "pytest a --token=sk-secret-123", whole=False)
    rule = RULES[LATE_RULE]
    details = StatusDetails(message=f"NonConformance: {rule.demand}\nwith its place", trace="File x.py")
    reported("a::rule", "failed", statusDetails=details)

    (told,) = files_in(tmp_path, "result")
    assert told["name"] == rule.sentence
    assert told["statusDetails"]["message"] == rule.demand
    assert told["statusDetails"]["trace"] == f"{rule.demand}\nwith its place"
    assert told["statusDetails"]["flaky"] is True
    assert ("rule", rule.id) in {(each["name"], each["value"]) for each in told["labels"]}
    assert {"ladder", "trace", "reproduce"} <= heard.attached.keys()
    assert "sk-secret" not in heard.attached["reproduce"]


def test_a_should_that_is_not_kept_stays_passed_and_says_so(allure_run, tmp_path):
    side, _ = allure_run
    conversation = judged(mutant="usage-before-the-response-began")
    side.describe(conversation.conversation.scenario, "keeps-every-other-rule", "a::keeps", SETTINGS)
    side.show("a::keeps", "keeps-every-other-rule", conversation, str, whole=False)
    reported("a::keeps")

    (told,) = files_in(tmp_path, "result")
    assert told["statusDetails"]["message"].startswith("SHOULD ")
    assert "SHOULD not kept" in {each["value"] for each in told["labels"] if each["name"] == "tag"}
    assert not told.get("steps")


def test_what_is_skipped_keeps_its_reason_without_the_class_of_python(allure_run, tmp_path):
    side, _ = allure_run
    side.describe(judged().conversation.scenario, LATE_RULE, "a::rule", SETTINGS)
    reported("a::rule", "skipped", statusDetails=StatusDetails(message="Skipped: not applicable: no key"))

    (told,) = files_in(tmp_path, "result")
    assert told["statusDetails"]["message"] == "not applicable: no key"
    assert told["name"] == RULES[LATE_RULE].sentence


def test_what_is_not_ours_is_written_scrubbed_and_otherwise_as_it_came(allure_run, tmp_path):
    hook = allure_commons.plugin_manager.hook
    (tmp_path / "own.txt").write_text("own sk-secret-123")
    hook.report_result(result=Result(name="sk-secret-123", fullName="theirs", labels=[]))
    hook.report_container(container=Container(uuid="c", name="sk-secret-123"))
    hook.report_attached_file(source=str(tmp_path / "own.txt"), file_name="copied.txt")
    hook.report_attached_data(body=b"\xff\x00", file_name="bytes.bin")

    assert files_in(tmp_path, "result")[0]["fullName"] == "theirs"
    assert "secret" not in "".join(map(str, files_in(tmp_path, "container")))
    assert "secret" not in (tmp_path / "copied.txt").read_text()
    assert (tmp_path / "bytes.bin").read_bytes() == b"\xff\x00"


def test_a_disk_that_is_full_ends_nothing(allure_run, tmp_path):
    side, _ = allure_run
    side.folder = tmp_path / "gone"
    reported("a::plays")

    assert "could not be written" in side.disk.trouble


def test_the_files_beside_the_results_tell_the_run_and_no_secret(run, tmp_path):
    result = run(LATE)
    side = AllureSide(str(tmp_path / "r/allure-results"), Scrubber())
    side.finish(replace(result, settings=replace(result.settings, scrub=Scrubber(("endpoint.test",)))))

    told = (tmp_path / "r/allure-results/environment.properties").read_text(encoding="utf-8")
    assert "outcome=not conformant" in told
    assert "endpoint.test" not in told
    assert orjson.loads((tmp_path / "r/allure-results/executor.json").read_bytes())["buildName"] == "not conformant"
    assert (tmp_path / "r/allurerc.json").is_file()


def test_each_item_is_asked_for_by_the_severity_of_its_rule():
    asked = {name: next(markers(name)).args for name in ("plays", LATE_RULE, "usage.completed-has-usage")}

    assert asked == {"plays": ("critical",), LATE_RULE: ("critical",), "usage.completed-has-usage": ("normal",)}


def test_an_item_about_a_vendors_rules_says_whose_they_are():
    assert vendor_of("keeps-every-other-rule-of-acme") == "acme"
    assert own_words("keeps-every-other-rule-of-acme") == "breaks no rule of acme that it does not set out to prove"
    assert own_words("keeps-every-other-rule") == "breaks no rule that it does not set out to prove"
    scenario = judged().conversation.scenario
    assert ("epic", "rules of acme") in item_of(scenario, "keeps-every-other-rule-of-acme", SETTINGS).labels


def test_both_sides_of_a_gateway_and_the_sound_hang_on_what_fails():
    spoken = judged("audio/manual_turn")
    (trace,) = spoken.conversation.traces
    both = replace(spoken, upstreams=(trace,))

    hung = {name: media for name, _, media, _ in attachments_of(both, (), "pytest x")}

    assert hung == {
        "ladder": "image/svg+xml",
        "player": "text/html",
        "trace": "text/plain",
        "upstream's trace": "text/plain",
        "reproduce": "text/plain",
    }


def test_only_the_connection_in_which_something_was_found_is_shown():
    conversation = judged(mutant=LATE)
    played = conversation.conversation
    twice = replace(conversation, conversation=replace(played, traces=(*played.traces, Trace())))
    found = [each for each in twice.rulings.values() if each.findings]

    assert [name for name, *_ in attachments_of(twice, found, "x")] == [
        "ladder of connection 1",
        "trace of connection 1",
        "reproduce",
    ]


def test_a_trace_that_is_very_long_is_cut_and_says_where_the_rest_is():
    long = tuple(Entry(n, Direction.SERVER, 0.0, {"type": "x", "text": "a word " * 30_000}) for n in range(12))

    text = attachment(Trace(long))

    assert text.endswith("the whole trace is in reports/traces)\n")
    assert len(text) < 2_100_000


def test_what_only_looks_like_audio_is_shown_as_it_is():
    entry = Entry(0, Direction.SERVER, 0.0, {"type": "x", "text": "_" * 300})

    assert "_" * 300 in attachment(Trace((entry,)))
