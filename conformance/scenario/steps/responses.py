"""Responses.

Endpoints do not guarantee what a model does.  If the model does not do what a step needs, the conversation is played
once more, and then counts as inconclusive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.contract.dialects import DIALECTS
from conformance.scenario.commands import ModelDidNot, Reply, Running, Script, Send, Wait
from conformance.scenario.cost import ClipReader, Cost, Spending
from conformance.scenario.steps.asking import ask, come
from conformance.scenario.steps.declaration import ACKNOWLEDGED, step
from conformance.trace.trace import Event

if TYPE_CHECKING:
    from conformance.scenario.context import ScriptContext
    from conformance.scenario.step import Step

SETTINGS = sorted({name for dialect in DIALECTS.values() for name in dialect.response_paths})


def _responding(here: Spending, written: Step, _clip: ClipReader) -> Cost:
    return here.responses(1, written.argument if isinstance(written.argument, dict) else {})


@step(
    {"type": ["object", "null"], "propertyNames": {"enum": SETTINGS}},
    answers=ACKNOWLEDGED,
    settings="response",
    costs=_responding,
    example="""
- respond
- respond: {modalities: text, max_output_tokens: 20, metadata: {topic: test}}
- respond:
    conversation: none
    input: [{type: message, role: user, content: [{type: input_text, text: Hello.}]}]
""",
)
def respond(context: ScriptContext, written: Step) -> Script:
    """Request a response, and wait for `response.created`; the settings apply to this response."""
    event: Event = {"type": "response.create"}
    if written.argument:
        event["response"] = context.dialect.response(written.argument)
    return (yield from ask(context, written, event, "response.created"))


@step(
    {"type": ["string", "null"]},
    answers=("error", "either"),
    modifiers="as within",
    unasked=False,
    example="""
- respond:
  as: mine
- cancel: ${mine.response.id}
- outcome: cancelled
""",
)
def cancel(context: ScriptContext, written: Step) -> Script:
    """Cancel the active response, or the one named; wait for the result in a later step."""
    event: Event = {"type": "response.cancel"}
    if isinstance(written.argument, str):
        event["response_id"] = written.argument
    if not written.answer:
        yield Send({"event_id": context.event_id("cancel"), **event})
        return None
    return (yield from ask(context, written, event, "response.done"))


@step(
    {"type": ["integer", "null"], "minimum": 1},
    listens=True,
    example="""
- respond
- configure: {instructions: Answer in one word.}
- still_running
- await: response.done
""",
)
def still_running(_context: ScriptContext, written: Step) -> Script:
    """Check that a response, or the given number of responses, was still running when the previous step was answered.

    If the model finished earlier, the conversation is inconclusive.
    """
    wanted = written.argument or 1
    reply: Reply = yield Running()
    if reply.event["running"] < wanted:
        needs = "a response that still runs" if wanted == 1 else f"{wanted} responses at once"
        raise ModelDidNot(f"needs {needs}; the answer was over before")
    return None


@step(
    {"type": ["string", "null"]},
    listens=True,
    modifiers="as within",
    example="""
- configure:
    tools: [{type: function, name: get_time, parameters: {type: object, properties: {}}}]
    tool_choice: required
- say: What time is it?
- respond
- call: get_time
  as: wanted
- await: response.done
- answer_call: {call_id: "${wanted.call_id}", output: "12:00"}
""",
)
def call(context: ScriptContext, written: Step) -> Script:
    """Wait for a function call, of any name or of the given one; inconclusive if the model answers otherwise."""
    name = written.argument if isinstance(written.argument, str) else None

    def matches(kind: str, event: Event) -> bool:
        made = event.get("item")
        is_call = kind == "response.output_item.done" and isinstance(made, dict) and made.get("type") == "function_call"
        return kind == "response.done" or (is_call and name in (None, made.get("name") if made else None))

    reply: Reply = yield Wait(matches, "response.output_item.done or response.done", written.within)
    made = reply.event.get("item")
    if isinstance(made, dict):
        context.calls += 1
        return made
    needs = f"{'another' if context.calls else 'a'} call of {name}" if name else "a function call"
    made_so_far = f"made only {context.calls}" if context.calls else _did(reply.event)
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


@step(
    {"enum": ["completed", "cancelled", "failed", "incomplete"]},
    listens=True,
    modifiers="as within",
    example="- outcome: completed",
)
def outcome(_context: ScriptContext, written: Step) -> Script:
    """Wait for `response.done` with that status.

    Inconclusive if the response ended otherwise, as when the model finished before the limit or the cancel.
    """
    event = yield from come(written, "response.done", {})
    response = (event or {}).get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if status != written.argument:
        raise ModelDidNot(f"needs a response that is {written.argument}; this one is {status}")
    return event
