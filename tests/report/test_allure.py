import base64
import hashlib

from allure_commons.model2 import Label, StatusDetails
from allure_commons.model2 import TestResult as Result

from conformance.report.allure import written
from conformance.report.allure_attachments import attachment
from conformance.report.allure_files import allurerc, categories
from conformance.secrets import Scrubber
from conformance.trace.trace import Direction, Entry, Trace


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
