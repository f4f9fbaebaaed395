"""Tables by id."""

from types import SimpleNamespace

import pytest

from conformance.registry import by_id


def test_entries_keep_their_order():
    assert list(by_id([SimpleNamespace(id="b")], [SimpleNamespace(id="a")])) == ["b", "a"]


def test_no_two_entries_have_the_same_id():
    with pytest.raises(ValueError, match=r"two are called a\.b"):
        by_id([SimpleNamespace(id="a.b")], [SimpleNamespace(id="a.b")])
