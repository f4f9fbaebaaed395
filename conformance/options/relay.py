"""From the options of a gateway under test to a `RelaySetup`."""

from __future__ import annotations

import shlex
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.play.target import checked_url

if TYPE_CHECKING:
    from conformance.contract.profile import Profile
    from conformance.options.given import Given
    from conformance.relay.balance import Balance
    from conformance.relay.setup import RelaySetup

#: Options that mean nothing without `--relay`.
BESIDE = (
    "upstream-listen",
    "upstream-token",
    "tls-cert",
    "direct",
    "gateway-log",
    "balance-url",
    "balance-command",
    "balance-path",
    "balance-header",
)
SELF_SIGNED = "self-signed"
LARGEST_PORT = 65535


def relay_of(given: Given, token: str, profile: Profile | None) -> RelaySetup | None:
    """Read the options of a relay, None if none is under test; *token* is the client's key."""
    if given.value("relay") is None:
        if beside := next((flag for flag in BESIDE if given.value(flag) is not None), None):
            raise UsageError(f"--{beside} needs a gateway to test", "Name it with --relay=URL.")
        return None
    if given.value("endpoint") is not None:
        raise UsageError("--relay and --endpoint exclude each other", "Give one of them.")
    if given.several_processes:
        raise UsageError("--relay cannot be combined with -n: one process is both client and upstream")
    from conformance.relay.declared import declared_in
    from conformance.relay.log import LogFile
    from conformance.relay.setup import RelaySetup

    host, port = _address(given.value("upstream-listen"))
    direct, log = given.value("direct"), given.value("gateway-log")
    return RelaySetup(
        host=host,
        port=port,
        token=given.value("upstream-token") or token,
        declared=declared_in(profile.relay if profile is not None else None),
        balance=_balance(given),
        log=LogFile(Path(log)) if log is not None else None,
        tls=_tls(given.value("tls-cert"), host),
        direct=checked_url(direct, "--direct") if direct is not None else "",
    )


def _address(text: str | None) -> tuple[str, int]:
    from conformance.relay.setup import HOST, PORT

    host, colon, port = (text or f"{HOST}:{PORT}").rpartition(":")
    if not colon or not port.isdigit() or int(port) > LARGEST_PORT:
        raise UsageError(f"--upstream-listen: {text!r} is not HOST:PORT", "For example: 127.0.0.1:9100")
    return host.strip("[]") or HOST, int(port)


def _balance(given: Given) -> Balance | None:
    from conformance.relay.balance import BalanceCommand, BalanceUrl

    url, command = given.value("balance-url"), given.value("balance-command")
    if url is not None and command is not None:
        raise UsageError("--balance-url and --balance-command exclude each other", "Give one of them.")
    path = tuple(filter(None, (given.value("balance-path") or "").split(".")))
    if url is None and given.value("balance-header") is not None:
        raise UsageError("--balance-header needs --balance-url", "Give the URL.")
    if command is not None:
        if not shlex.split(command):
            raise UsageError("--balance-command is empty")
        return BalanceCommand(command, path)
    if url is None:
        if path:
            raise UsageError("--balance-path needs a balance", "Give --balance-url or --balance-command.")
        return None
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--balance-url: {url!r} is not an HTTP URL")
    headers = [each.partition(":") for each in given.value("balance-header") or []]
    return BalanceUrl(url, path, tuple((name.strip(), text.strip()) for name, _, text in headers))


def _tls(file: str | None, host: str) -> ssl.SSLContext | None:
    if file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if file == SELF_SIGNED:
        return _self_signed(context, host)
    if not Path(file).is_file():
        raise UsageError(f"--tls-cert: there is no file {file}", "Or: --tls-cert=self-signed")
    try:
        context.load_cert_chain(file)
    except (OSError, ssl.SSLError) as error:
        cure = "It is a PEM file with the certificate and its private key."
        raise UsageError(f"--tls-cert: {file}: {error}", cure) from error
    return context


def _self_signed(context: ssl.SSLContext, host: str) -> ssl.SSLContext:
    try:
        import trustme
    except ImportError as error:
        raise UsageError("--tls-cert=self-signed needs the package trustme", "pip install trustme") from error
    trustme.CA().issue_cert(host, "localhost").configure_cert(context)
    return context
