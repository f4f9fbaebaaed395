"""From the options of a gateway under test to a `RelaySetup`."""

from __future__ import annotations

import shlex
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.play.target import checked_url
from conformance.plugin.options import value

if TYPE_CHECKING:
    import pytest

    from conformance.contract.profile import Profile
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


def relay_of(config: pytest.Config, token: str, profile: Profile | None) -> RelaySetup | None:
    """Read the options of a relay, None if none is under test; *token* is the client's key."""
    if value(config, "relay") is None:
        if given := next((flag for flag in BESIDE if value(config, flag) is not None), None):
            raise UsageError(f"--{given} is for a gateway under test", "Name it with --relay=URL.")
        return None
    if value(config, "endpoint") is not None:
        raise UsageError("--relay and --endpoint name two endpoints", "Give one of them.")
    if config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        raise UsageError("--relay: one process stands on both sides of the gateway: run it without -n")
    from conformance.relay.declared import declared_in
    from conformance.relay.log import LogFile
    from conformance.relay.setup import RelaySetup

    host, port = _address(value(config, "upstream-listen"))
    direct, log = value(config, "direct"), value(config, "gateway-log")
    return RelaySetup(
        host=host,
        port=port,
        token=value(config, "upstream-token") or token,
        declared=declared_in(profile.relay if profile is not None else None),
        balance=_balance(config),
        log=LogFile(Path(log)) if log is not None else None,
        tls=_tls(value(config, "tls-cert"), host),
        direct=checked_url(direct) if direct is not None else "",
    )


def _address(given: str | None) -> tuple[str, int]:
    from conformance.relay.setup import HOST, PORT

    host, colon, port = (given or f"{HOST}:{PORT}").rpartition(":")
    if not colon or not port.isdigit() or int(port) > LARGEST_PORT:
        raise UsageError(f"--upstream-listen: {given!r} is no address", "It looks like 127.0.0.1:9100")
    return host.strip("[]") or HOST, int(port)


def _balance(config: pytest.Config) -> Balance | None:
    from conformance.relay.balance import BalanceCommand, BalanceUrl

    url, command = value(config, "balance-url"), value(config, "balance-command")
    if url is not None and command is not None:
        raise UsageError("--balance-url and --balance-command read the same", "Give one of them.")
    path = tuple(filter(None, (value(config, "balance-path") or "").split(".")))
    if url is None and value(config, "balance-header") is not None:
        raise UsageError("--balance-header is sent to --balance-url", "Give its URL.")
    if command is not None:
        if not shlex.split(command):
            raise UsageError("--balance-command: nothing to run")
        return BalanceCommand(command, path)
    if url is None:
        if path:
            raise UsageError("--balance-path is looked up in a balance", "Give --balance-url or --balance-command.")
        return None
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--balance-url: {url!r} is no HTTP URL")
    headers = [each.partition(":") for each in value(config, "balance-header") or []]
    return BalanceUrl(url, path, tuple((name.strip(), text.strip()) for name, _, text in headers))


def _tls(given: str | None, host: str) -> ssl.SSLContext | None:
    if given is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if given == SELF_SIGNED:
        return _self_signed(context, host)
    if not Path(given).is_file():
        raise UsageError(f"--tls-cert: there is no file {given}", "Or: --tls-cert=self-signed")
    try:
        context.load_cert_chain(given)
    except (OSError, ssl.SSLError) as error:
        cure = "It is a PEM file with the certificate and its private key."
        raise UsageError(f"--tls-cert: {given}: {error}", cure) from error
    return context


def _self_signed(context: ssl.SSLContext, host: str) -> ssl.SSLContext:
    try:
        import trustme
    except ImportError as error:
        raise UsageError("--tls-cert=self-signed needs the package trustme", "pip install trustme") from error
    trustme.CA().issue_cert(host, "localhost").configure_cert(context)
    return context
