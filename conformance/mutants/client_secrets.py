"""Endpoints that give client secrets wrongly, or to the wrong ones, or do not honour them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.contract.dialect import Dialect, place, reach
from conformance.mutants.mutant import Fault, FaultTable
from conformance.reference.server.admission import EXPIRED, Admission, Admitted, Refused
from conformance.reference.server.client_secrets import MintedSecret, Unminted
from conformance.reference.session.refusals import error_body
from conformance.trace.trace import Event

faults = FaultTable()

DAY = 86_400


def _minting(change: Callable[[Dialect, Event], None]) -> Callable[[Dialect], Fault]:
    """Change what comes with a secret."""

    def make(dialect: Dialect) -> Fault:
        def mints(made: Any) -> Any:
            if isinstance(made, MintedSecret):
                change(dialect, made.content)
            return made

        return Fault(mints=mints)

    return make


def _expiring_in_words(dialect: Dialect, content: Event) -> None:
    place(content, dialect.minting.expires_at, "soon")


def _living_a_day(dialect: Dialect, content: Event) -> None:
    place(content, dialect.minting.expires_at, int(time.time()) + DAY)


def _with_somebodys_key(_dialect: Dialect, content: Event) -> None:
    content["upstream"] = "sk-proj-0123456789abcdef0123456789"


def _with_other_words(dialect: Dialect, content: Event) -> None:
    reach(content, dialect.minting.session)["instructions"] = "Be a helpful assistant."


def _given_to_anybody(dialect: Dialect) -> Fault:
    content: Event = {}
    place(content, dialect.minting.value, "ek_0123456789abcdef0123456789")
    return Fault(
        mints=lambda made: MintedSecret(content) if isinstance(made, Unminted) and made.status == 401 else made
    )


def _refused(_dialect: Dialect) -> Fault:
    error = error_body("not_found", "There is nothing here.")
    return Fault(mints=lambda made: Unminted(404, error) if isinstance(made, MintedSecret) else made)


def _by_secret(change: Callable[[Admitted], Admission]) -> Callable[[Dialect], Fault]:
    """Change what becomes of who comes with a secret."""
    return lambda _: Fault(admits=lambda made: change(made) if isinstance(made, Admitted) and made.by_secret else made)


def _expired_and_let_in(dialect: Dialect) -> Fault:
    def admits(made: Admission) -> Admission:
        expired = isinstance(made, Refused) and made.error["code"] == EXPIRED
        return Admitted(dialect.name, "gpt-realtime") if expired else made

    return Fault(admits=admits)


NO_KEY = Refused(401, error_body("invalid_api_key", "Incorrect API key provided."))

# fmt: off
faults.rows(
    ("no-secret-is-given", "client_secrets.a-key-mints-a-secret", "client_secrets/opens_a_session",
     "client-secrets-501", "Nobody gets a client secret.", _refused),
    ("expiry-in-words", "client_secrets.the-answer-fits-its-schema", "client_secrets/opens_a_session", "",
     "A client secret expires `soon`.", _minting(_expiring_in_words)),
    ("anybody-gets-a-secret", "client_secrets.a-bad-key-mints-nothing", "client_secrets/refuses_a_wrong_key",
     "auth-not-checked-on-ws", "Whoever asks gets a client secret.", _given_to_anybody),
    ("the-upstreams-key-comes-too", "client_secrets.the-answer-holds-no-key", "client_secrets/opens_a_session",
     "provider-ephemeral-token-exposed", "Beside the client secret stands a key.", _minting(_with_somebodys_key)),
    ("it-lives-a-day", "client_secrets.it-lives-as-long-as-was-asked-for", "client_secrets/opens_a_session", "",
     "Every client secret expires after a day.", _minting(_living_a_day)),
    ("the-answer-has-other-settings", "client_secrets.the-answer-shows-the-settings", "client_secrets/opens_a_session",
     "", "The answer shows other instructions than were asked for.", _minting(_with_other_words)),
    ("secrets-open-nothing", "client_secrets.a-secret-opens-a-session", "client_secrets/opens_a_session", "",
     "Who comes with a client secret is refused.", _by_secret(lambda _: NO_KEY)),
    ("the-settings-are-dropped", "client_secrets.settings-are-carried", "client_secrets/opens_a_session",
     "ephemeral-secret-dropped", "A session that a client secret opens begins with the usual settings.",
     _by_secret(lambda made: replace(made, settings={}))),
    ("expired-secrets-open-sessions", "client_secrets.an-expired-secret-opens-nothing", "client_secrets/expired", "",
     "Nobody looks whether a client secret has expired.", _expired_and_let_in),
)
# fmt: on
