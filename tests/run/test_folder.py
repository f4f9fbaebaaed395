"""The folder of a run's results: its own, nobody else's files, and no end of the run if the disk is full."""

import errno
import json
import signal
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.run import folder as folder_of_runs
from conformance.run.folder import Disk, claim, forget_the_last_run, leave_to_the_controller, once_interrupted
from conformance.run.journal import FORMAT, NAME


def test_a_run_writes_where_it_was_asked_to(tmp_path):
    claimed = claim(tmp_path / "a/reports")

    assert (claimed.path, claimed.instead_of) == (tmp_path / "a/reports", "")
    claimed.release()
    assert list(claimed.path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no advisory locks")
def test_two_runs_at_once_write_into_two_folders_and_the_second_says_so(tmp_path):
    asked = tmp_path / "reports"
    first, second = claim(asked), claim(asked)

    assert second.path == tmp_path / "reports-2"
    assert second.instead_of == f"another run writes into {asked}: this one writes into {second.path}"
    first.release()
    third = claim(asked)
    assert third.path == asked
    second.release()
    third.release()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no advisory locks")
def test_beside_a_run_that_writes_into_the_working_folder_there_is_one_more_folder_too(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    first, second = claim(Path()), claim(Path())

    assert (first.path, second.path) == (Path(), tmp_path / "here-2")
    first.release()
    second.release()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no advisory locks")
def test_where_every_folder_is_taken_another_one_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.run.folder.MOST", 2)
    taken = claim(tmp_path / "reports")

    with pytest.raises(UsageError, match="1 other runs write beside"):
        claim(tmp_path / "reports")
    taken.release()


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "reports").touch()

    with pytest.raises(UsageError, match=r"--reports: .*reports: is a file"):
        claim(tmp_path / "reports")
    with pytest.raises(UsageError, match="is a file"):
        claim(tmp_path / "reports/deeper")


def test_a_folder_that_cannot_be_written_is_one_sentence_with_the_cause(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("conformance.run.folder.os.open", refuse)

    with pytest.raises(UsageError, match="Permission denied"):
        claim(tmp_path)


def test_a_full_disk_is_told_once_and_ends_nothing():
    disk = Disk()
    for name in ("first.json", "second.json"):
        with disk.writing():
            raise OSError(errno.ENOSPC, "No space left on device", name)

    assert disk.trouble == "first.json, second.json could not be written: No space left on device"


def test_of_many_files_that_do_not_fit_the_first_are_named():
    disk = Disk()
    for number in range(200):
        with disk.writing():
            raise OSError(errno.ENOSPC, "No space left on device", f"{number}.jsonl")

    assert disk.trouble.endswith("9.jsonl and 190 more could not be written: No space left on device")


def test_a_report_that_cannot_be_rendered_is_named_with_the_place_of_the_mistake():
    disk = Disk()
    with disk.writing("index.html"):
        raise KeyError("x" * 1_000)
    with disk.writing("junit.xml"):
        raise OSError(errno.EACCES, "Permission denied", "junit.xml.part")

    first, second = disk.trouble.split("; junit.xml ")
    assert first.startswith("index.html could not be written: KeyError: 'xxx")
    assert "test_folder.py, line" in disk.trouble
    assert "a bug in realtime-conformance, please report it" in disk.trouble
    assert second == "could not be written: Permission denied"
    assert len(disk.trouble) < 600


def test_an_error_that_is_not_of_the_disk_is_no_trouble_of_it():
    disk = Disk()

    with pytest.raises(ValueError, match="ours"), disk.writing():
        raise ValueError("ours")
    assert disk.trouble == ""


@pytest.fixture
def earlier(tmp_path):
    """A folder in which a run of ours has been, beside files of the user's own."""
    for name in ("traces/a.jsonl", "traces/notes.txt", "allure-results/x-result.json", "report.json", "mine.json"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    return tmp_path


def journal(folder, *, header):
    (folder / NAME).write_text(json.dumps(header) + "\n" + '{"status": 0}\n')


def names_in(folder):
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


def test_what_the_last_run_wrote_goes_and_what_somebody_else_wrote_stays(earlier):
    journal(earlier, header={"format": FORMAT, "files": ["report.json", "../mine.json", 7]})

    forget_the_last_run(earlier)

    assert names_in(earlier) == {"traces/notes.txt", "mine.json", NAME}


@pytest.mark.parametrize("header", [{"format": "somebody's"}, ["a"], "not JSON {"])
def test_where_no_run_of_ours_was_nothing_is_removed(earlier, header):
    if isinstance(header, str):
        (earlier / NAME).write_text(header)
    else:
        journal(earlier, header=header)
    before = names_in(earlier)

    forget_the_last_run(earlier)

    assert names_in(earlier) == before


def test_nothing_behind_a_link_is_removed(tmp_path):
    elsewhere, reports = tmp_path / "elsewhere", tmp_path / "reports"
    elsewhere.mkdir()
    reports.mkdir()
    (elsewhere / "precious.jsonl").touch()
    try:
        (reports / "traces").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right here that we do not have")
    journal(reports, header={"format": FORMAT})

    forget_the_last_run(reports)

    assert (elsewhere / "precious.jsonl").exists()


ENDS = [each for name in folder_of_runs.ENDS if (each := getattr(signal, name, None)) is not None]


@pytest.fixture(params=ENDS, ids=lambda each: each.name)
def termination(request):
    """A signal that asks a process to end, with its usual answer, whatever the run around the tests has made of it."""
    before = {each: signal.signal(each, signal.SIG_DFL) for each in ENDS}
    yield request.param
    for each, handler in before.items():
        signal.signal(each, handler)


def test_a_request_to_terminate_ends_the_run_as_ctrl_c_does_and_the_second_one_ends_the_process(termination):
    undo = once_interrupted()

    with pytest.raises(KeyboardInterrupt, match=termination.name):
        signal.raise_signal(termination)
    assert all(signal.getsignal(each) == signal.SIG_DFL for each in ENDS)
    undo()


def test_a_run_that_ends_by_itself_gives_the_signal_back(termination):
    undo = once_interrupted()
    undo()

    assert signal.getsignal(termination) == signal.SIG_DFL


@pytest.mark.parametrize("theirs", [lambda *_: pytest.fail("nobody sends it"), signal.SIG_IGN], ids=["own", "nohup"])
def test_who_answers_the_signal_already_keeps_it(termination, theirs):
    signal.signal(termination, theirs)
    once_interrupted()()
    leave_to_the_controller()

    assert signal.getsignal(termination) is theirs


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
@pytest.mark.usefixtures("termination")
def test_a_worker_leaves_the_end_of_the_terminal_to_its_controller():
    leave_to_the_controller()

    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
