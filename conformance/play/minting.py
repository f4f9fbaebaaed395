"""Client secrets: asking for one, and what is kept of them.

A trace never holds a secret: what it tells of an answer is everything else.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.contract.dialect import place, reach
from conformance.play.connection import Connector, Refusal, UpgradeRequest
from conformance.play.environment import STATUSES, trouble_of_status
from conformance.play.recorder import Recorder
from conformance.play.target import Target, upgrade_request_for
from conformance.scenario.commands import Mint, Reply
from conformance.secrets import KEY_MARK, hides
from conformance.trace import json_text
from conformance.trace.trace import Credential, End, EndKind, Event

#: Keys of `Trace.intent`.
MINTING, SECRET = "minting", "secret"
#: The first status that is no success.
FAILURE = 300


@dataclass
class Minted:
    """The secrets of one conversation, each with the settings that were asked for."""

    sessions: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def note(self, recorder: Recorder, options: Mapping[str, Any]) -> None:
        """Note in a trace that it was opened with a secret, and what its session shall be like."""
        secret = options.get("secret")
        if secret is None:
            return
        told = {"state": options.get("secret_is", "valid"), "session": self.sessions.get(secret, {})}
        recorder.trace = replace(recorder.trace, intent={**recorder.trace.intent, SECRET: told})


def mint_request(target: Target, command: Mint) -> tuple[UpgradeRequest, Event]:
    """Return the request for a secret, and its body."""
    how = target.dialect.minting
    body = how.request(target.dialect.session(command.settings), target.model, command.expires_after)
    ask = upgrade_request_for(target, command.options)
    return replace(ask, posts=json_text.dumps(body), resource=how.resource, subprotocols=(), model=None), body


async def mint(connector: Connector, target: Target, recorder: Recorder, minted: Minted, command: Mint) -> Reply:
    """Ask for a secret, note what came, and return the answer as `{value, expires_at, session}`."""
    ask, body = mint_request(target, command)
    at = time.time()
    answer = await connector.connect(ask)
    if not isinstance(answer, Refusal):
        raise TypeError("a POST opens no connection")
    status = answer.handshake.status
    if answer.cause != "http" or (status in STATUSES and ask.credential is Credential.VALID):
        raise trouble_of_status(status, answer.why, answer.handshake.body, answer.headers.get("retry-after", ""))
    content = _content(answer.content)
    how = target.dialect.minting
    value = reach(content, how.value)
    told = {"asked": body, "at": at, "status": status, "leaked": _leaks(recorder, answer.content, value)}
    if status is not None and status < FAILURE:
        told["answer"] = _without_secret(content, how.value)
    recorder.shake(replace(answer.handshake, body="" if "answer" in told else answer.handshake.body))
    recorder.trace = replace(recorder.trace, intent={**recorder.trace.intent, MINTING: told})
    recorder.finish(End(EndKind.REFUSED, reason=answer.why, at=0.0))
    if not isinstance(value, str) or not value:
        return Reply(refused=answer.why if status is None or status >= FAILURE else f"{answer.why} without a secret")
    minted.sessions[value] = target.dialect.session(command.settings)
    return Reply({"value": value, "expires_at": reach(content, how.expires_at), "session": reach(content, how.session)})


def _content(text: str) -> Event:
    try:
        content = json_text.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _leaks(recorder: Recorder, text: str, value: Any) -> bool:
    """Return whether a key of ours is the secret, or stands beside it, as anybody's key may."""
    if not isinstance(value, str) or not value:
        return hides(text, recorder.scrub(text))
    beside = text.replace(value, "")
    clean = recorder.scrub(beside)
    return value in recorder.scrub.secrets or hides(beside, clean) or hides(beside, clean, KEY_MARK)


def _without_secret(content: Event, path: tuple[str, ...]) -> Event:
    copy: Event = json_text.loads(json_text.dumps(content))
    if isinstance(value := reach(copy, path), str) and value:
        place(copy, path, KEY_MARK)
    return copy
