"""What leaks from one session into another, and is shown in none, is found all the same."""

import pytest

from conformance.commands.selftest import found_in
from conformance.contract.dialect import reach
from conformance.contract.dialects import DIALECTS
from conformance.mutants.edits import put, session_path
from conformance.mutants.mutant import Fault
from conformance.mutants.rehearsal import rehearse

SHOWN_BY = ("session.created", "session.updated")


def leaking(dialect, *names):
    """Let these settings of the session that was updated last hold in every session, and show each session its own."""
    everybodys = {}
    paths = {name: session_path(dialect, name) for name in names}

    def one_session():
        own, hidden = {}, []

        def receives(event):
            if event.get("type") == "session.update":
                for name, path in paths.items():
                    if (asked := reach(event, path)) is not None:
                        own[name] = everybodys[name] = asked
            if event.get("type") == "response.create" and everybodys:
                hidden.append(event)
                yield {"type": "session.update", "event_id": "leak", "session": dialect.session(everybodys)}
            yield event

        def sends(event):
            if event["type"] == "session.updated" and hidden:
                hidden.clear()
                return
            for name, path in paths.items():
                if event["type"] in SHOWN_BY and name in own:
                    event = put(event, path, own[name])
                elif name in dialect.response_paths and name in own:
                    event = put(event, ("response", *dialect.response_paths[name]), own[name])
            yield event

        return Fault(sends=sends, receives=receives)

    return one_session


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize(
    ("scenario", "settings", "rule"),
    [
        ("isolation/unseen_tools", ("tools", "tool_choice"), "tools.called-functions-were-offered"),
        ("isolation/two_limits", ("max_output_tokens",), "response.a-limit-ends-what-has-met-it"),
        ("isolation/unseen_words", ("instructions",), "metering.is-counted-per-response"),
    ],
)
def test_a_leak_that_no_session_shows_is_found_by_what_it_does(scenario, settings, rule, dialect):
    played = rehearse(scenario, dialect, leaking(dialect, *settings))

    assert {found for trace in played.traces for found in found_in(trace)} == {rule}
