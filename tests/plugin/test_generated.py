"""The generated items of the bundled suite, in the real command."""

import json

LEAN = ("-m", "generated", "--examples=4")
#: With this seed a conversation sends text that is no event while a response runs, and asks for another.
LATE_ERROR = "--seed=2039026383"


def test_the_bundled_suite_ends_with_generated_items(folder):
    done = folder.pytest("--dialect=ga", *LEAN, LATE_ERROR)

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    lines = (folder.path / "reports/generated/examples.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = {json.loads(line)["kind"] for line in lines}
    assert kinds == {"generated/configs::valid", "generated/configs::invalid", "generated/conversations"}


def test_a_seed_makes_the_same_examples_again(folder):
    told = []
    for _ in range(2):
        folder.pytest("--dialect=ga", *LEAN, "--seed=17", "-k", "conversations")
        lines = (folder.path / "reports/generated/examples.jsonl").read_text(encoding="utf-8").splitlines()
        told.append([json.loads(line)["script"] for line in lines])

    assert told[0] == told[1] != []


def test_no_examples_means_no_items(folder):
    done = folder.pytest("--dialect=ga", "--examples=0", "--collect-only", "-q", "-m", "generated")

    assert "generated/" not in done.stdout


def test_a_found_case_fails_alone_and_comes_first_the_next_time(folder, endpoint):
    url = endpoint("an-update-resets-what-it-does-not-name")
    named = ("-m", "generated", "-k", "valid and not invalid", f"--endpoint={url}", "--dialect=ga")
    done = folder.pytest(*named)
    (found,) = (folder.path / "reports/found").iterdir()
    alone = folder.pytest(found, f"--endpoint={url}", "--dialect=ga")
    folder.pytest(*named)

    assert "MUST What an update does not name keeps its value." in done.stdout
    assert f"reproduce: pytest reports/found/{found.name}" in " ".join(done.stdout.split())
    assert (done.returncode, alone.returncode) == (1, 1)
    first = (folder.path / "reports/generated/examples.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(first)["during"] == "replay"


def test_a_budget_ends_a_search_and_nobody_is_blamed(folder, endpoint):
    named = ("-m", "generated", "-k", "valid and not invalid", f"--endpoint={endpoint()}", "--dialect=ga")
    done = folder.pytest(*named, "--max-sessions=4", "-rs")

    assert "1 skipped" in done.stdout, done.stdout
    assert "after 3 generated examples" in " ".join(done.stdout.split())


def test_a_known_failure_is_expected_of_generated_examples_too(folder, endpoint):
    url = endpoint("an-update-resets-what-it-does-not-name")
    named = ("-m", "generated", "-k", "valid and not invalid", f"--endpoint={url}", "--dialect=ga", "--seed=1")
    folder.write(
        "known.yaml",
        "known:\n  - rule: session.untouched-settings-stay\n    issue: https://x.test/1\n",
    )
    done = folder.pytest(*named, "--baseline=known.yaml")

    assert "1 xfailed" in done.stdout, done.stdout


def test_a_search_that_finds_only_what_should_not_be_warns(folder, endpoint):
    lean = ("scenarios", "-k", "generated", "--examples=6", "--seed=1", "--dialect=ga")

    result = folder.pytest("--endpoint=" + endpoint("errors-have-no-id"), *lean)

    assert result.returncode == 0, result.stdout
    assert "AssertionError" not in result.stdout
    assert "SHOULD requirement not kept" in result.stdout
