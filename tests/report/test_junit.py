from xml.etree import ElementTree

from conformance.report.junit import junit_of
from tests.records import record, result

RULE = "ordering.response-done-is-last"


def suites(result):
    return ElementTree.fromstring(junit_of(result))


def test_one_fault_is_one_failure(run):
    (failure,) = suites(run("delta-follows-its-response")).iterfind(".//failure[@type='fail']")

    assert "came after response.done" in failure.get("message")
    assert "reproduce: " in failure.text


def test_a_case_has_its_properties(run):
    case = next(each for each in suites(run()).iter("testcase") if each.get("name") == RULE)

    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert (told["rule"], told["keyword"], told["requirement"], told["verdict"]) == (RULE, "MUST", "RSP-05", "pass")


def test_the_suite_is_named_after_the_tool(run):
    root = suites(run())

    assert root.get("name") == "realtime-conformance"
    assert all(each.get("name").startswith("realtime-conformance.") for each in root)


def test_the_numbers_add_up(run):
    root = suites(run("delta-follows-its-response"))

    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root) == len(list(root.iter(tag)))


def test_what_was_not_exercised_is_skipped_and_never_passed(run):
    root = suites(run(scenarios=("session/merges",)))

    case = next(each for each in root.iter("testcase") if each.get("name") == RULE)
    assert case.find("skipped") is not None


def test_a_conversation_that_stopped_for_no_rules_sake_is_a_failure_of_its_own():
    stopped = record("audio/a", outcome="stopped", message="response.done never came", expected="response.done")

    assert any(each.get("type") == "stopped" for each in suites(result(stopped)).iter("failure"))


def test_a_conversation_that_was_not_judged_is_an_error_and_no_failure():
    limited = record("audio/b", outcome="environment", message="HTTP 429")
    root = suites(result(record("audio/a", {RULE: "pass"}), limited))

    (error,) = root.iter("error")
    assert (error.get("type"), error.get("message")) == ("environment", "not judged audio/b: HTTP 429")
    assert "1 conversation got through its script" in {each.get("name") for each in root.iter("testcase")}
    assert root.get("failures") == "0"


def test_a_broken_rule_is_not_called_no_trouble_and_what_was_not_run_gives_its_reason():
    small = "--max-tokens=300 is too small"
    ran = result(
        record("audio/a", {RULE: "fail"}), *(record(f"audio/{each}", {}, "not run", message=small) for each in "bc")
    )
    cases = {each.get("name"): each for each in suites(ran).iter("testcase")}

    assert "1 conversation got through its script" in cases
    skipped = cases["audio/b is judged"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == f"2 conversations not run: {small}"
