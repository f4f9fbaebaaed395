"""Plain HTTP at the endpoint: a GET without asking for an upgrade, as a browser's address bar does it, or a POST.

Bounded in bytes and in time, whatever comes, and how slowly.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import os
import re
import socket
import ssl
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

from conformance.play.bounds import REFUSAL_KEPT, REFUSAL_READ
from conformance.play.connection import Refusal, UpgradeRequest
from conformance.play.target import Target
from conformance.trace.trace import Handshake

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)


class _Heard:
    """Bytes in the place of the socket that `http.client` reads from."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        """Return the bytes as a file."""
        return io.BytesIO(self.data)


async def get(target: Target, url: str, ask: UpgradeRequest, handshake: Handshake) -> Refusal:
    """Ask for *url* over HTTP/1.1, or post to it, and return the answer as a refusal."""
    host = urlsplit(url).netloc
    heard = bytearray()
    try:
        async with asyncio.timeout(target.patience.connect):
            await _ask(target, url, ask, heard)
    except TimeoutError:
        if b"\r\n\r\n" not in heard:
            told = f"{host} did not answer a plain request within {target.patience.connect:g} s"
            return Refusal(handshake, told, "timeout")
    except (OSError, ValueError) as error:
        return Refusal(handshake, f"{host}: {words_of(error)}", "protocol")
    try:
        return _answer(bytes(heard), handshake)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Refusal(handshake, f"{host}: {error or type(error).__name__}", "protocol")


def words_of(error: Exception) -> str:
    """Say what went wrong in the system's words, without the number and the address that Python puts beside them."""
    if isinstance(error, socket.gaierror | ssl.SSLError) or not isinstance(error, OSError) or not error.errno:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return os.strerror(error.errno)


async def _ask(target: Target, url: str, ask: UpgradeRequest, heard: bytearray) -> None:
    """Send the request, and gather the answer in *heard* until it is whole, or large enough."""
    parts, tls = urlsplit(url), tls_of(target, url)
    port = parts.port or (443 if tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        names = [("Host", parts.netloc.rpartition("@")[2]), ("Connection", "close"), *ask.headers]
        if ask.posts is not None:
            names += [("Content-Type", "application/json"), ("Content-Length", str(len(ask.posts)))]
        method = "GET" if ask.posts is None else "POST"
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in names), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + (ask.posts or b""))
        while len(heard) < REFUSAL_READ and not _whole(heard) and (more := await reader.read(4096)):
            heard += more
    finally:
        writer.transport.abort()


def _whole(heard: bytearray) -> bool:
    """Return whether an answer is at its end before the connection is."""
    head, ended, body = heard.partition(b"\r\n\r\n")
    head += b"\r\n"
    if not ended:
        return False
    if CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    length = LENGTH.search(head)
    return length is not None and len(body) >= int(length[1])


def _answer(heard: bytes, handshake: Handshake) -> Refusal:
    answer = http.client.HTTPResponse(cast("socket.socket", _Heard(heard)))
    answer.begin()
    try:
        body = answer.read(REFUSAL_READ)
    except http.client.IncompleteRead as error:
        body = error.partial
    headers = {name.lower(): value for name, value in answer.getheaders()}
    text = body.decode("utf-8", "replace")
    answered = replace(handshake, status=answer.status, response_headers=headers, body=text[:REFUSAL_KEPT])
    return Refusal(answered, f"HTTP {answer.status} {answer.reason}".strip(), "http", headers, text)


def tls_of(target: Target, url: str) -> ssl.SSLContext | None:
    """Return the TLS settings for *url*: the system's authorities, or `--ca-file`, or none (`--insecure`)."""
    if not url.startswith(("wss", "https")):
        return None
    context = ssl.create_default_context(cafile=target.ca_file)
    if target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
