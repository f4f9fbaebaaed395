"""A plain GET on the endpoint's path, without asking for an upgrade: what a browser's address bar gets."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.play.connection import Refusal, UpgradeRequest
from conformance.play.target import Target
from conformance.trace.trace import Handshake

#: Bytes of a refusal's body that are kept.
BODY = 2000


async def get(target: Target, url: str, ask: UpgradeRequest, handshake: Handshake) -> Refusal:
    """Ask for *url* over HTTP/1.1 and give the answer as a refusal."""
    parts = urlsplit(url)

    def request() -> Refusal:
        tls = tls_of(target, url)
        host, port, patience = parts.hostname or "", parts.port, target.patience.connect
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(host, port, timeout=patience, context=tls)
            if tls
            else http.client.HTTPConnection(host, port, timeout=patience)
        )
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=dict(ask.headers))
            answer = connection.getresponse()
            body = answer.read(BODY).decode("utf-8", "replace")
            headers = {name.lower(): value for name, value in answer.getheaders()}
            answered = replace(handshake, status=answer.status, response_headers=headers, body=body)
            return Refusal(answered, f"HTTP {answer.status} {answer.reason}".strip(), "http", headers)
        except (OSError, http.client.HTTPException) as error:
            return Refusal(handshake, f"{parts.netloc}: {error or type(error).__name__}", "protocol")
        finally:
            connection.close()

    return await asyncio.to_thread(request)


def tls_of(target: Target, url: str) -> ssl.SSLContext | None:
    """Return the TLS settings for *url*: the system's authorities, or `--ca-file`, or none (`--insecure`)."""
    if not url.startswith(("wss", "https")):
        return None
    context = ssl.create_default_context(cafile=target.ca_file)
    if target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
