"""What somebody mistypes is told with what was probably meant, before anything is played."""

import pytest


@pytest.mark.parametrize("workers", [0, 2])
def test_a_mark_that_nothing_has_is_told_with_the_one_that_was_meant(folder, endpoint, workers):
    done = folder.pytest(f"--endpoint={endpoint()}", "-m", "smok", f"-n{workers}")

    assert done.returncode == 4
    assert "-m: nothing here has the mark 'smok'. Did you mean 'smoke'?" in done.stderr + done.stdout
    assert not (folder.path / "reports/report.json").exists()


def test_marks_that_exist_and_their_grammar_are_taken(folder):
    done = folder.pytest("response/text_turn", "-m", "not (skip or audio) and must", "--collect-only")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "text_turn.yaml" in done.stdout


@pytest.mark.parametrize("name", ["response/text_turn", "response/text_turn.yaml", "connection/accepts_the_key@bearer"])
def test_a_conversation_is_found_by_the_name_that_is_printed_everywhere(name, folder):
    done = folder.pytest(name, "--collect-only", "-q")

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name.partition('@')[0].removesuffix('.yaml')}.yaml::" in done.stdout
    assert "@" not in name or {line.split("::")[1] for line in done.stdout.splitlines() if "::" in line} == {"bearer"}


def test_a_slip_in_the_name_of_a_conversation_is_told(folder):
    done = folder.pytest("response/text_trun", "--examples=0")

    assert done.returncode == 4
    assert "there is no file and no scenario response/text_trun" in done.stderr
    assert "Did you mean response/text_turn" in done.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_a_path_that_is_not_there_is_told_with_and_without_workers(folder, endpoint, workers):
    done = folder.pytest(f"--endpoint={endpoint()}", "nowhere/zzz", f"-n{workers}")

    assert done.returncode == 4, done.stdout + done.stderr
    assert "nowhere/zzz" in done.stderr


def test_no_key_is_not_a_refused_key(folder, endpoint):
    done = folder.pytest(f"--endpoint={endpoint()}", "-m", "smoke", token="")

    assert done.returncode == 6
    assert "no key was given, and the endpoint requires one" in done.stdout
    assert "the key was refused" not in done.stdout


def test_a_scenario_that_is_not_utf_8_is_told_with_its_line(folder):
    (folder.path / "talk.yaml").write_bytes("scenario: one\nsteps:\n  - say: é\n".encode("latin-1"))

    done = folder.pytest("talk.yaml")

    assert done.returncode == 4
    assert "talk.yaml:3: is not UTF-8" in done.stdout
    assert "Save it as UTF-8." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
