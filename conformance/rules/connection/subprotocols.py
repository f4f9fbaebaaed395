"""The subprotocol that the upgrade settles."""

from __future__ import annotations

from conformance.rules.engine.rule import HELD, SUBPROTOCOL, Chapter, Finding, Judged
from conformance.trace.views import View

rules = Chapter("connection")

RFC_SUBPROTOCOL = "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2"
#: Browsers fail a connection for which they offered subprotocols and none was selected.
BROWSERS = "https://websockets.spec.whatwg.org/#concept-websocket-establish"
#: What browsers offer: the protocol's name, beside the item that holds the key.
BROWSER_OFFER = ("realtime", "openai-insecure-api-key.")


@rules.must("connection.the-subprotocol-was-offered", about=SUBPROTOCOL, covers=("CON-04",), spec=RFC_SUBPROTOCOL)
def the_subprotocol_was_offered(view: View) -> Judged:
    """The subprotocol that the server selects is one that the client offered."""
    hand = view.handshake
    if hand is None or hand.status != 101 or (hand.subprotocol is None and not hand.offered_subprotocols):
        return
    if hand.subprotocol is None or hand.subprotocol in hand.offered_subprotocols:
        yield HELD
    else:
        offered = ", ".join(hand.offered_subprotocols) or "none"
        yield Finding(-1, "The server selected a subprotocol nobody offered.", f"of {offered}", hand.subprotocol)


@rules.must(
    "connection.browsers-get-a-subprotocol",
    about=SUBPROTOCOL,
    covers=("CON-04",),
    spec=BROWSERS,
    relaxed="RFC 6455 lets a server select none; only an offer such as browsers make is judged.",
)
def browsers_get_a_subprotocol(view: View) -> Judged:
    """Of the subprotocols that a browser offers one is selected: without, browsers drop the connection."""
    hand = view.handshake
    if hand is None or hand.status != 101 or not view.admitted:
        return
    if not any(offered.startswith(BROWSER_OFFER) for offered in hand.offered_subprotocols):
        return
    if hand.subprotocol is None:
        yield Finding(-1, "None of the offered subprotocols was selected.", "realtime", "no Sec-WebSocket-Protocol")
    else:
        yield HELD
