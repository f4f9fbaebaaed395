"""`--soak SESSIONS --for SECONDS`: many conversations at once, each judged, in the place of the items."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.plugin.context import Run
    from conformance.plugin.reports import Reports
    from conformance.run.soak_plan import SoakPlan


def play_soak(run: Run, reports: Reports, plan: SoakPlan) -> None:
    """Play, and hand over what it came to; an interrupted soak tells what it has."""
    from conformance.report.soak import soak_lines, write_soak
    from conformance.run.budget import Exhausted
    from conformance.run.soak import Soak

    soak = Soak(run.runner, plan)
    run.state.ends(selection=True)
    try:
        soak.play()
    except Exhausted as exhausted:
        run.state.ends(exhausted=exhausted.budget)
    finally:
        run.state.ends(soak=soak.tally.played)
        run.state.preflight += soak.tally.beside
        for record in soak.records():
            run.state.add(record)
        reports.say("", *soak_lines(soak.tally))
        with run.runner.disk.writing():
            write_soak(soak.tally, run.settings.reports)
