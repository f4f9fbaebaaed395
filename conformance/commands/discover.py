"""`realtime-conformance discover`: what an endpoint offers, as a profile that its vendor can pin."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import yaml

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import CANONICAL, DIALECTS
from conformance.errors import UnreachableError, UsageError
from conformance.play.auth import carries
from conformance.play.discovery import Discovery, discover
from conformance.play.preflight import Diagnosis, preflight
from conformance.play.target import Target, checked_url
from conformance.play.wire import Wire
from conformance.report.inert import one_line
from conformance.secrets import Scrubber, secrets_in

HEAD = """\
# What {host} offered when it was asked.
# Pin it with --profile=FILE: losing a feature then fails, and what is left out is not applicable.
"""
#: What the cures of a run call an option that this command does not have -> what it has.
HERE = {
    "--endpoint": "the URL",
    "(or --token-file=FILE, --token-command=COMMAND)": "(or --token=KEY)",
    "or what --token… names": "or --token",
    ", or a --profile)": ")",
    "--ca-file=FILE; --insecure on a test system": "SSL_CERT_FILE=FILE",
}


def profile_of(url: str, model: str | None, token: str, auth: str, dialect: str) -> str:
    """Ask the endpoint and write the profile; UnreachableError says why it cannot be asked."""
    if auth not in STYLES:
        raise UsageError(f"--auth: there is no style {auth!r}", f"Known: {', '.join(STYLES)}.")
    if not carries(auth, token):
        raise UsageError(f"--auth={auth}: the key holds a character that cannot travel in this style")
    spoken = CANONICAL if dialect == "auto" else DIALECTS[dialect]
    target = Target(checked_url(url, "URL"), spoken, token, model, auth)
    scrub = Scrubber((token, *secrets_in(target.url)))
    found, target = asyncio.run(_asked(target, scrub, dialect))
    parts = urlsplit(target.url)
    host = parts.netloc.rpartition("@")[2]
    profile: dict[str, object] = {
        "title": host,
        "sources": ["realtime-conformance discover"],
        "dialect": target.dialect.name,
        "path": parts.path,
        "auth": [auth, *({"subprotocol"} & found.offered - {auth})],
    }
    if model:
        profile["model"] = model
    if found.lacking:
        profile["features"] = {"without": sorted(found.lacking)}
    told = "".join(f"# {one_line(f'not offered: {name} ({why})')}\n" for name, why in sorted(found.lacking.items()))
    return scrub(HEAD.format(host=host) + told + yaml.safe_dump(profile, sort_keys=False, allow_unicode=True))


async def _asked(target: Target, scrub: Scrubber, dialect: str) -> tuple[Discovery, Target]:
    diagnosis = await preflight(Wire(target), target, scrub)
    if not diagnosis.ready:
        raise unreachable(scrub(target.url), diagnosis)
    if dialect == "auto" and diagnosis.dialect is not None:
        target = Target(target.url, diagnosis.dialect, target.key, target.model, target.auth)
    return await discover(Wire(target), target, scrub), target


def unreachable(url: str, diagnosis: Diagnosis) -> UnreachableError:
    """Return the error for an endpoint that opened no session; its cure names no option of a run."""
    cure = diagnosis.cure
    for there, here in HERE.items():
        cure = cure.replace(there, here)
    return UnreachableError(f"{url}: {diagnosis.trouble}", cure)
