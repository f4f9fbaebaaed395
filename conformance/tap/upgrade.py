"""The upgrade as bytes: the request as the upstream wants it, and what the trace may tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from conformance.contract.auth_styles import keys_in
from conformance.secrets import Scrubber, secrets_in
from conformance.trace.trace import Credential, Handshake

END = b"\r\n\r\n"
#: Compressed frames would have to be unpacked to be recorded: the extension is not offered to the upstream.
LEFT_OUT = frozenset({"host", "sec-websocket-extensions"})
SUBPROTOCOL = "sec-websocket-protocol"


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a request or of an answer."""

    line: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """Return a header, several of them with commas in between; empty if there is none."""
        return ", ".join(value for each, value in self.headers if each.lower() == name)

    def encode(self) -> bytes:
        """Return the head as it is sent."""
        lines = [self.line, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode("latin-1") + END

    @property
    def status(self) -> int | None:
        """The status of an answer."""
        parts = self.line.split(" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None


def head_of(data: bytes) -> Head:
    """Return the head that *data* holds, up to its empty line."""
    first, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    named = (line.partition(":") for line in lines if ":" in line)
    return Head(first, tuple((name.strip(), value.strip()) for name, _, value in named))


def forwarded(request: Head, upstream: str) -> Head:
    """Return the request as it goes to *upstream*: its host and path, its query beside the client's own."""
    to, own = urlsplit(upstream), urlsplit(_target(request))
    query = urlencode([*parse_qsl(to.query), *parse_qsl(own.query)]) if to.query else own.query
    path = (to.path or own.path or "/") + (f"?{query}" if query else "")
    method, _, version = request.line.partition(" ")[0], "", request.line.rpartition(" ")[2]
    kept = [(name, value) for name, value in request.headers if name.lower() not in LEFT_OUT]
    return Head(f"{method} {path} {version}", (("Host", to.netloc.rpartition("@")[2]), *kept))


def _target(request: Head) -> str:
    parts = request.line.split(" ")
    return parts[1] if len(parts) > 1 else "/"


def _offered(request: Head) -> tuple[str, ...]:
    return tuple(each.strip() for each in request.get(SUBPROTOCOL).split(",") if each.strip())


def _keys(request: Head) -> list[tuple[str, str]]:
    """Return the keys in an upgrade request, each after the name of its auth style."""
    return list(keys_in(request.headers, parse_qsl(urlsplit(_target(request)).query), _offered(request)))


def secrets_of(request: Head, upstream: str) -> tuple[str, ...]:
    """Return the credentials in an upgrade request, wherever they travel."""
    found = secrets_in(_target(request), request.headers) + secrets_in(upstream)
    found += [key for _, key in _keys(request)]
    return tuple(dict.fromkeys(each for each in found if each))


def handshake_of(sent: Head, answer: Head, upstream: str, body: str, scrub: Scrubber) -> Handshake:
    """Return what the trace tells of an upgrade; whether the key was a good one, nobody knows."""
    to = urlsplit(upstream)
    return Handshake(
        url=scrub(f"{to.scheme}://{to.netloc.rpartition('@')[2]}{_target(sent)}"),
        auth=next((style for style, _ in _keys(sent)), ""),
        credential=Credential.UNKNOWN,
        model=Credential.UNKNOWN,
        request_headers=tuple(name for name, _ in sent.headers),
        offered_subprotocols=tuple(map(scrub, _offered(sent))),
        status=answer.status,
        response_headers={name.lower(): scrub(value) for name, value in answer.headers},
        subprotocol=scrub(answer.get(SUBPROTOCOL)) or None,
        body=scrub(body),
    )
