"""The files of a run: each whole, or not there."""

from pathlib import Path

from conformance.report.files import write_files
from conformance.run.folder import Disk
from tests.records import record, result


def test_a_disk_that_gets_full_leaves_no_half_a_file(tmp_path, monkeypatch):
    ran = result(record("a/b"), reports=tmp_path)
    disk = Disk()

    def full(part, _fresh):
        raise OSError(28, "No space left on device", str(part))

    monkeypatch.setattr(Path, "replace", full)
    write_files(ran, disk=disk)

    assert "report.json" in disk.trouble
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []
