"""POST on the port of the WebSockets: `websockets` parses GET alone.

Such a request is put together first; then the server's own machinery sees its head as that of a GET, with the body
beside it, and answers it like any other request that asks for no upgrade.
"""

from __future__ import annotations

import re
from typing import Any

from websockets.asyncio.server import ServerConnection

POST = b"POST "
#: Bytes of a head, and of a body.
LARGEST_HEAD, LARGEST_BODY = 64 * 1024, 256 * 1024
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)
#: Headers of a body, which a GET has not.
OF_A_BODY = re.compile(rb"\r\n(?:content-length|transfer-encoding|expect):[^\r\n]*", re.IGNORECASE)


class PostConnection(ServerConnection):
    """A connection that may also begin with a POST."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.posted: bytes | None = None
        """The body of a POST; None: it is a GET."""
        self._begun: bytearray | None = bytearray()

    def data_received(self, data: bytes) -> None:
        """Take what came; a POST, when it is whole."""
        if self._begun is None:
            super().data_received(data)
            return
        self._begun += data
        begun = bytes(self._begun)
        if not begun.startswith(POST[: len(begun)]):
            self._go_on(begun)
            return
        head, ended, body = begun.partition(END)
        length = LENGTH.search(head + END)
        wanted = int(length[1]) if length else 0
        if len(head) > LARGEST_HEAD or wanted > LARGEST_BODY:
            self.transport.abort()
        elif ended and len(body) >= wanted:
            self.posted = body[:wanted]
            self._go_on(b"GET " + OF_A_BODY.sub(b"", head)[len(POST) :] + END)

    def _go_on(self, data: bytes) -> None:
        self._begun = None
        super().data_received(data)
