"""What an archive from a stranger may try."""

import zipfile

import pytest

from conformance.errors import CertificateError
from conformance.report import archive
from conformance.report.archive import SUMS, read_archive, write_archive


@pytest.fixture
def packed(tmp_path):
    """Return `packed({name: data}) -> path`, without checksums."""

    def pack(members, compression=zipfile.ZIP_STORED):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", compression) as file:
            for name, data in members:
                file.writestr(name, data)
        return path

    return pack


def test_what_was_written_is_read(tmp_path):
    write_archive(tmp_path / "a.zip", {"b/c.txt": b"hello", "a": b""})

    assert read_archive(tmp_path / "a.zip") == {"a": b"", "b/c.txt": b"hello"}


def test_the_same_members_make_the_same_archive(tmp_path):
    for name in ("one.zip", "two.zip"):
        write_archive(tmp_path / name, {"b": b"1", "a": b"2"})

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "C:/x", "a\\b", "a//b", "./a", "a\nb"])
def test_a_name_that_leaves_the_archive_is_refused(packed, name):
    with pytest.raises(CertificateError, match="refused"):
        read_archive(packed([(name, b"x")]))


def test_a_bomb_is_refused_before_it_is_unpacked(packed):
    with pytest.raises(CertificateError, match="unpacks to"):
        read_archive(packed([("bomb", b"\0" * 10_000_000)], zipfile.ZIP_DEFLATED))


def test_too_many_members_are_refused(packed, monkeypatch):
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)

    with pytest.raises(CertificateError, match="4 members"):
        read_archive(packed([(str(number), b"") for number in range(4)]))


def test_too_much_in_all_is_refused(packed, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_TOTAL", 10)

    with pytest.raises(CertificateError, match="more than 10 bytes"):
        read_archive(packed([("a", b"123456"), ("b", b"123456")]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(packed):
    with pytest.raises(CertificateError, match="two members"):
        read_archive(packed([("a", b"1"), ("a", b"2")]))


def test_a_member_that_no_checksum_names_is_refused(packed):
    with pytest.raises(CertificateError, match="does not name it"):
        read_archive(packed([("a", b"1"), (SUMS, b"")]))


def test_an_archive_without_checksums_is_no_certificate(packed):
    with pytest.raises(CertificateError, match="no certificate"):
        read_archive(packed([("a", b"1")]))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\0" * 100])
def test_what_is_no_archive_is_said_so(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)

    with pytest.raises(CertificateError, match="cannot be read"):
        read_archive(tmp_path / "a.zip")


def test_what_is_not_there_is_said_so(tmp_path):
    with pytest.raises(CertificateError, match="No such file"):
        read_archive(tmp_path / "none.zip")
