"""What a conversation gives rules occasion for: the events that occurred, and a word for anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.rules.engine.rule import ANYTHING, CLIENT_SECRET, END, HANDSHAKE, UNUSUAL_HANDSHAKE
from conformance.trace.lens import lens
from conformance.trace.trace import Credential

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trace.views import View


def _is_unusual(view: View) -> bool:
    """Return whether the client came with anything but a valid key and model, asked for no upgrade, or got none."""
    hand = view.handshake
    return hand is not None and (
        hand.status != 101
        or hand.credential is not Credential.VALID
        or hand.model is not Credential.VALID
        or hand.url.startswith("http")
    )


#: Words of `about=` that name no event -> whether a conversation gives occasion for them.
WORDS: dict[frozenset[str], Callable[[View], bool]] = {
    ANYTHING: lambda _: True,
    HANDSHAKE: lambda view: view.handshake is not None,
    UNUSUAL_HANDSHAKE: _is_unusual,
    CLIENT_SECRET: lambda view: not view.trace.intent.keys().isdisjoint(("minting", "secret")),
    END: lambda view: view.end is not None,
}


@lens
def occasions(view: View) -> frozenset[str]:
    """Return the canonical types that occurred, and the words that hold of the conversation."""
    return view.types.union(*[words for words, holds in WORDS.items() if holds(view)])
