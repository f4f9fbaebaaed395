"""How we stand around a gateway: where our upstream listens, which key it takes, and what the gateway declares."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from conformance.play.target import WRONG_KEY, Target
from conformance.relay.balance import Balance
from conformance.relay.declared import Declared
from conformance.relay.dial import Keys
from conformance.relay.log import Log

HOST, PORT = "127.0.0.1", 9100


@dataclass(frozen=True)
class RelaySetup:
    """What `--relay` and its options come to."""

    host: str = HOST
    port: int = PORT
    token: str = field(default="", repr=False)
    """The key with which the gateway dials us; the client's own where a proxy passes that on."""
    declared: Declared = field(default_factory=Declared)
    balance: Balance | None = None
    log: Log | None = None
    tls: ssl.SSLContext | None = None
    direct: str = ""
    """URL of an upstream against which every ordinary conversation is played besides."""

    def keys(self, target: Target) -> Keys:
        """Return whose keys are known here."""
        return Keys(self.token, tuple(dict.fromkeys((target.key, WRONG_KEY, *target.keys.values()))))

    def offers(self, target: Target) -> frozenset[str]:
        """Return what of `NEEDS` (of rules over pairs) is there."""
        tariff = self.declared.tariff
        known = {
            "keys": bool(self.token) and self.token != target.key,
            "alias": (target.model or "") in self.declared.alias,
            "log": self.log is not None,
            "balance": self.balance is not None,
            "cached price": self.balance is not None and tariff.cached_input != tariff.input,
        }
        return frozenset(name for name, there in known.items() if there)
