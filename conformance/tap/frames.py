"""WebSocket messages in a stream of bytes that somebody else's connection carries (RFC 6455, section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum


class Opcode(IntEnum):
    """What a frame is."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message, put together from its frames."""

    opcode: int
    payload: bytes

    @property
    def content(self) -> str | bytes:
        """A text message as text, as far as it is UTF-8; any other as bytes."""
        return self.payload.decode("utf-8", "replace") if self.opcode == Opcode.TEXT else self.payload

    @property
    def close(self) -> tuple[int | None, str]:
        """Code and reason of a close message."""
        if len(self.payload) < 2:
            return None, ""
        return int.from_bytes(self.payload[:2]), self.payload[2:].decode("utf-8", "replace")


class MessageReader:
    """Reads one direction of a connection, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._opcode = 0
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that *data* completes, and what controls the connection."""
        self._bytes += data
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode >= Opcode.CLOSE:
                yield Message(opcode, payload)
                continue
            if opcode != Opcode.CONTINUATION:
                self._opcode, self._parts = opcode, []
            self._parts.append(payload)
            if final:
                yield Message(self._opcode, b"".join(self._parts))
                self._parts = []

    def _frame(self) -> tuple[bool, int, bytes] | None:
        """Take one frame from the bytes at hand; None while it is not complete."""
        data = self._bytes
        if len(data) < 2:
            return None
        length, at = data[1] & 0x7F, 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length, at = int.from_bytes(data[2 : 2 + wide]), 2 + wide
            if len(data) < at:
                return None
        masked = data[1] & 0x80
        end = at + (4 if masked else 0) + length
        if len(data) < end:
            return None
        payload = bytes(data[end - length : end])
        if masked:
            payload = _unmasked(payload, bytes(data[at : at + 4]))
        final, opcode = bool(data[0] & 0x80), data[0] & 0x0F
        del data[:end]
        return final, opcode, payload


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    """Return *payload* with the mask taken off: one operation on a large number is faster than a loop."""
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(size)
