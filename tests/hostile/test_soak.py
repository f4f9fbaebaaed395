"""Many sessions at once are judged one by one, and an endpoint that mixes two of them once in a thousand is found."""

import json
from copy import deepcopy
from itertools import count

import pytest

from conformance.errors import UsageError
from conformance.options.soak import seconds_of
from conformance.reference.server.server import Server
from conformance.reference.session.hooks import Hooks
from conformance.run.soak_script import new_canary, script_of, strangers_in
from conformance.trace.trace import Direction, Entry, Trace

#: Types whose events hold the words of a conversation.
WORDS = ("response.output_text.done", "response.text.done", "response.done")


class Mixing:
    """Makes the hooks of sessions that now and then get what another one was told last."""

    def __init__(self, every):
        self.every, self.numbers, self.events = every, count(), count(1)
        self.last = {}
        self.mixed = 0

    def __call__(self, _dialect):
        number = next(self.numbers)

        def sends(event):
            other = next((each for each, told in self.last.items() if each != number and event["type"] in told), None)
            due = next(self.events) >= self.every * (self.mixed + 1)
            if event["type"] in WORDS:
                own = self.last.setdefault(number, {})
                own[event["type"]] = deepcopy(event)
                if due and other is not None:
                    self.mixed += 1
                    return (self.last[other][event["type"]],)
            return (event,)

        return Hooks(sends=sends)


def soaked(folder, url, *options):
    folder.write("talk.yaml", "scenario: A talk\nsteps: [connect]\n")
    result = folder.pytest(f"--endpoint={url}", "talk.yaml", *options, within=240)
    return result, json.loads((folder.path / "reports/soak.json").read_text())


def test_every_conversation_is_judged_and_every_event_counted(folder, listen, key):
    said = {"in": 0, "out": 0}

    def counting(_dialect):
        def sends(event):
            said["out"] += 1
            return (event,)

        def receives(event):
            said["in"] += 1
            return (event,)

        return Hooks(sends=sends, receives=receives)

    url = listen(Server(hooks=counting, tokens=(key,), models=("m",))).url + "?model=m"
    result, told = soaked(folder, url, "--soak=8", "--for=4s")

    assert result.returncode == 0, result.stdout
    assert told["conversations"] > 8
    assert told["most_open"] == 8
    assert told["outcomes"] == {"played": told["conversations"]}
    assert told["differing"] == {}
    assert told["leaks"] == []
    assert told["latency"]["response_done"]["all"]["p99"] > 0
    preflight = 1
    assert said["out"] == sum(told["events"]["received"].values()) + preflight
    assert said["in"] == sum(told["events"]["sent"].values())
    assert "the same under load as in a single conversation" in result.stdout
    assert "incomplete (a soak, which is not the suite): nothing broken in what was judged" in result.stdout
    assert f"over {told['conversations']} conversations" in " ".join(result.stdout.split())


def test_two_sessions_that_are_mixed_once_in_a_thousand_events_are_found(folder, listen, key):
    mixing = Mixing(1000)
    url = listen(Server(hooks=mixing, tokens=(key,), models=("m",))).url + "?model=m"
    result, told = soaked(folder, url, "--soak=12", "--for=6s")

    assert mixing.mixed >= 1
    assert result.returncode == 1, result.stdout
    assert told["leaks"], result.stdout
    assert "a session received data of another one" in " ".join(result.stdout.split())


@pytest.mark.parametrize(("written", "seconds"), [("60s", 60), ("5m", 300), ("1h", 3600), ("2.5", 2.5)])
def test_a_length_of_time_is_read(written, seconds):
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["", "0s", "60 seconds", "-1", "soon"])
def test_what_is_no_length_of_time_is_told(written):
    with pytest.raises(UsageError, match="--for"):
        seconds_of(written)


@pytest.mark.parametrize(("options", "says"), [(("--for=5s",), "--soak"), (("--soak=0",), "--soak: 0 is less than 1")])
def test_options_that_make_no_soak_are_one_sentence(folder, endpoint, options, says):
    folder.talk("talk")
    result = folder.pytest(f"--endpoint={endpoint()}", "talk.yaml", *options)

    assert result.returncode == 4
    assert says in result.stderr


def test_only_what_others_own_is_a_stranger():
    own, other = new_canary(), new_canary()
    events = [{"text": own}, {"delta": f"x {other} {other}"}, {"a": [{"b": other}]}]
    entries = [Entry(at, Direction.SERVER, event=each) for at, each in enumerate(events)]
    said = Entry(3, Direction.CLIENT, event={"text": other})

    assert list(strangers_in(Trace((*entries, said)), own)) == [(1, other), (2, other)]


@pytest.mark.parametrize("kind", ["text", "voice"])
def test_the_scripts_are_scenarios(kind):
    assert script_of(kind, new_canary(), 0.5, "alloy").steps[0].name == "connect"
