import gzip
import io
import sys

import pytest

from conformance.corpus.sources import Source, sources
from conformance.errors import TraceError, UsageError
from conformance.trace.jsonl import dumps

from .conftest import SESSION, write


def names(found):
    return [each.name for each in found]


def test_a_folder_gives_what_may_hold_recordings_in_a_stable_order(tmp_path):
    for name in ("b.jsonl", "a.jsonl.gz", "deep/c.har", "notes.txt", ".hidden.jsonl", "d.yaml"):
        write(tmp_path / name, SESSION)

    assert names(sources([str(tmp_path)])) == [
        str(tmp_path / each) for each in ("a.jsonl.gz", "b.jsonl", "d.yaml", "deep/c.har")
    ]


def test_a_pattern_gives_the_files_it_matches(tmp_path):
    for name in ("a/1.log", "b/2.log", "b/3.txt"):
        write(tmp_path / name, SESSION)

    assert names(sources([str(tmp_path / "**" / "*.log")])) == [str(tmp_path / each) for each in ("a/1.log", "b/2.log")]


@pytest.mark.parametrize("name", ["", "nothing-*.jsonl"])
def test_a_folder_or_pattern_without_recordings_is_told(tmp_path, name):
    with pytest.raises(UsageError, match="no recordings"):
        sources([str(tmp_path / name)])


def entries(source):
    return [len(each.trace) for each in source.recordings()]


def test_compressed_files_are_recognised_by_content(tmp_path, turn):
    path = tmp_path / "a.jsonl"
    path.write_bytes(gzip.compress(dumps(turn)))

    assert entries(Source(str(path))) == [len(turn)]


def test_zstandard_is_read_where_its_package_is_installed(tmp_path, turn):
    zstandard = pytest.importorskip("zstandard", reason="the extra [remote] is not installed")
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(dumps(turn)))

    assert entries(Source(str(path))) == [len(turn)]


@pytest.mark.parametrize("cut", [slice(0, -20), slice(0, 12)])
def test_a_broken_archive_is_one_clear_error(tmp_path, turn, cut):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(dumps(turn))[cut])

    with pytest.raises(TraceError, match="compressed file is broken"):
        entries(Source(str(path)))


def test_a_broken_zstandard_file_is_one_clear_error(tmp_path):
    pytest.importorskip("zstandard", reason="the extra [remote] is not installed")
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"\xff" * 100)

    with pytest.raises(TraceError, match="compressed file is broken"):
        entries(Source(str(path)))


def zstandard(traces):
    package = pytest.importorskip("zstandard", reason="the extra [remote] is not installed")
    return package.ZstdCompressor().compress(b"".join(map(dumps, traces)))


def test_a_zstandard_file_may_have_several_frames_and_empty_ones(tmp_path, turn):
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard([turn] * 40) + zstandard([]) + zstandard([turn]))

    assert entries(Source(str(path))) == [len(turn)] * 41


def test_a_zstandard_file_that_was_cut_off_is_no_whole_one(tmp_path, turn):
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard([turn, turn])[:-20])

    with pytest.raises(TraceError, match="compressed file is broken: it ends before its last frame does"):
        entries(Source(str(path)))


def test_standard_input_is_a_source(monkeypatch, turn):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(dumps(turn)))))

    assert entries(sources(["-"])[0]) == [len(turn)]


def test_a_remote_store_is_a_source(turn):
    fsspec = pytest.importorskip("fsspec", reason="the extra [remote] is not installed")
    with fsspec.open("memory://bucket/day/a.jsonl", "wb") as file:
        file.write(dumps(turn))

    assert names(sources(["memory://bucket/day"])) == names(sources(["memory://bucket/*/*.jsonl"]))
    assert entries(sources(["memory://bucket/day"])[0]) == [len(turn)]


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(TraceError, match="No such file"):
        entries(Source(str(tmp_path / "nowhere.jsonl")))
