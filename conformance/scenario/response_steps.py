"""The steps of responses: respond, cancel, still_running, call, outcome.

What a model chooses is no promise of its endpoint: a step that needs it to do something raises `ModelDidNot`.
"""

from __future__ import annotations

from conformance.scenario.commands import Event, ModelDidNot, Reply, Running, Script, Send, Wait
from conformance.scenario.context import ScriptContext
from conformance.scenario.model import Step
from conformance.scenario.steps import ask, come, step


@step
def respond(talk: ScriptContext, line: Step) -> Script:
    """Ask for a response; per-response settings by their canonical names."""
    event: Event = {"type": "response.create"}
    if line.argument:
        event["response"] = talk.dialect.response(line.argument)
    return (yield from ask(talk, line, event, "response.created"))


@step
def cancel(talk: ScriptContext, line: Step) -> Script:
    """Cancel the active response, or the one named; its answer is awaited with `await: response.done`."""
    event: Event = {"type": "response.cancel"}
    if isinstance(line.argument, str):
        event["response_id"] = line.argument
    ack = "response.done"
    if not line.answer:
        yield Send({"event_id": talk.event_id("cancel"), **event})
        return None
    return (yield from ask(talk, line, event, ack))


@step
def still_running(_talk: ScriptContext, line: Step) -> Script:
    """Responses must still run, one or as many as said: else the model was too quick, which is nobody's fault."""
    wanted = line.argument or 1
    reply: Reply = yield Running()
    if reply.event["running"] < wanted:
        needs = "a response that still runs" if wanted == 1 else f"{wanted} responses at once"
        raise ModelDidNot(f"needs {needs}; the answer was over before")
    return None


@step
def call(talk: ScriptContext, line: Step) -> Script:
    """Wait for a call of the named function (or of any); inconclusive if the model answers otherwise."""
    name = line.argument if isinstance(line.argument, str) else None

    def matches(kind: str, event: Event) -> bool:
        made = event.get("item")
        is_call = kind == "response.output_item.done" and isinstance(made, dict) and made.get("type") == "function_call"
        return kind == "response.done" or (is_call and name in (None, made.get("name") if made else None))

    reply: Reply = yield Wait(matches, "response.output_item.done or response.done", line.within)
    made = reply.event.get("item")
    if isinstance(made, dict):
        talk.calls += 1
        return made
    needs = f"{'another' if talk.calls else 'a'} call of {name}" if name else "a function call"
    made_so_far = f"made only {talk.calls}" if talk.calls else _did(reply.event)
    raise ModelDidNot(f"needs {needs}; the model {made_so_far}")


def _did(done: Event) -> str:
    """Tell from a `response.done` what a model did instead of a call; what is malformed is the rules' matter."""
    response = done.get("response")
    output = response.get("output") if isinstance(response, dict) else None
    items = [each for each in output if isinstance(each, dict)] if isinstance(output, list) else []
    if called := next((each.get("name") for each in items if each.get("type") == "function_call"), None):
        return f"called {called}"
    contents = [each["content"] for each in items if isinstance(each.get("content"), list)]
    kinds = {str(part.get("type")) for content in contents for part in content if isinstance(part, dict)}
    spoken = "in audio" if any("audio" in kind for kind in kinds) else "in text"
    return f"answered {spoken}" if kinds else "answered otherwise"


@step
def outcome(_talk: ScriptContext, line: Step) -> Script:
    """Wait for `response.done` with that status; inconclusive if it ended otherwise, as a model may."""
    event = yield from come(line, "response.done", {})
    response = (event or {}).get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if status != line.argument:
        raise ModelDidNot(f"needs a response that is {line.argument}; this one is {status}")
    return event
