"""What the terminal shows before anything is judged: what is played against, and what the first connection showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.play.target import Patience
from conformance.report.layout import wrapped

if TYPE_CHECKING:
    from conformance.play.preflight import Diagnosis
    from conformance.report.screen import Terminal
    from conformance.run.settings import Settings


def header(settings: Settings) -> list[str]:
    """Say what is played against, for the head of the report."""
    target = settings.target
    endpoint = "the embedded reference endpoint" if settings.embedded else settings.scrub(target.url)
    profile = settings.profile.name if settings.profile is not None else "none"
    if settings.waivers != (settings.profile.waivers if settings.profile is not None else {}):
        profile += " without its waivers"
    told = {
        "dialect": settings.dialect,
        "profile": profile,
        "auth": settings.auth or target.auth,
        "model": target.model or "not named",
        "sessions": str(settings.sessions),
    }
    return [f"endpoint: {endpoint}", ", ".join(f"{name}: {text}" for name, text in told.items())]


def diagnosed(terminal: Terminal, diagnosis: Diagnosis, settings: Settings) -> None:
    """Say what the first connection showed."""
    if diagnosis.ready:
        spoken = settings.target.dialect
        found = diagnosis.dialect
        if settings.dialect == "auto" and not settings.embedded:
            how = "recognised" if found is not None else "assumed: not recognisable from the first events"
            terminal.write_line(f"dialect: {spoken.name} ({how})")
        elif found is not None and found != spoken:
            terminal.write_line(
                f"dialect: {spoken.name} as asked, though the first events look like {found.name}",
                yellow=True,
            )
        if diagnosis.refused_style:
            told = (
                f"auth: {diagnosis.refused_style} is documented, but was refused; {settings.target.auth} opens sessions"
            )
            for line in wrapped(told, "", "  "):
                terminal.write_line(line, yellow=True)
        for feature, refusal in settings.lacking.items():
            for line in wrapped(f"not offered: {feature} ({refusal})", ""):
                terminal.write_line(line)
        if settings.unclaimed:
            told = f"offered, though the profile does not claim it: {', '.join(settings.unclaimed)}"
            for line in wrapped(told, "", "  "):
                terminal.write_line(line, yellow=True)
        patience = settings.target.patience
        if not patience.chosen and patience.answer > Patience().answer:
            told = f"slow: the first event took {diagnosis.latency:.1f} s; an answer may take {patience.answer:.0f} s"
            terminal.write_line(told)
        return
    place = "the embedded reference" if settings.embedded else settings.scrub(settings.target.url)
    terminal.write_line("")
    terminal.write_sep("=", "the endpoint is not ready", red=True)
    terminal.write_line(place)
    for line in (*wrapped(settings.scrub(diagnosis.trouble), "  "), *wrapped(diagnosis.cure, "  ")):
        terminal.write_line(line, red=True)
