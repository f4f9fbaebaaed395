"""The responses of a session: asked for, running, cancelled, done.

At most one response writes to the conversation at a time (RSP-11); out-of-band ones may overlap (RSP-13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.contract.dialect import reach
from conformance.reference.session.counting import TokenCount
from conformance.reference.session.items import Item
from conformance.reference.session.model import Prompt
from conformance.reference.session.refusals import Event, EventRefused, invalid_value
from conformance.reference.session.request_schema import maybe, record, tagged, text
from conformance.reference.session.response_context import Halt, Request, ResponseContext, RunningResponse
from conformance.reference.session.response_stream import response_events
from conformance.reference.session.schedule import Schedule, ScheduledEvents, Steps

TOKENS_PER_MINUTE, REQUESTS_PER_MINUTE = 15_000_000, 20_000
REFERENCE = tagged({"item_reference": record({"type": text, "id": text}, "id")})
CLIENT_CANCELLED = Halt("cancelled", {"type": "cancelled", "reason": "client_cancelled"})
TURN_DETECTED = Halt("cancelled", {"type": "cancelled", "reason": "turn_detected"})


class Responses:
    """All responses of one session."""

    def __init__(self, shared: ResponseContext, schedule: Schedule, features: frozenset[str]) -> None:
        self._shared, self._schedule, self._features = shared, schedule, features
        self._shape = maybe(record({name: maybe(shape) for name, shape in shared.revision.response_fields.items()}))
        self._running: dict[str, tuple[RunningResponse, ScheduledEvents]] = {}
        self._earlier = TokenCount()
        self._spent = TokenCount()
        self._asked = 0
        self._turn_is_waiting = False
        self.ended: Callable[[RunningResponse], None] = lambda _response: None
        """Told of each response of the conversation when it has ended."""

    @property
    def active(self) -> RunningResponse | None:
        """The response that writes to the conversation, if one runs."""
        return next((each for each, _ in self._running.values() if each.request.in_conversation), None)

    def create(self, event: Event) -> Iterator[Event]:
        """Answer `response.create`; its `response.created` is due at once."""
        asked = event.get("response")
        self._shape(asked, "response")
        request = self._request(asked or {})
        if request.in_conversation and (active := self.active) is not None:
            raise EventRefused("conversation_already_has_active_response", facts={"id": active.request.id})
        self._start(request)
        yield from ()

    def take_turn(self) -> None:
        """Respond to a turn of the user: now, or when the active response has ended."""
        if self.active is None:
            self._start(self._request({}))
        else:
            self._turn_is_waiting = True

    def cancel(self, event: Event) -> Iterator[Event]:
        """Answer `response.cancel` (RSP-15 to RSP-17)."""
        wanted = event.get("response_id") or (self.active.request.id if self.active else None)
        if wanted not in self._running:
            raise EventRefused("response_cancel_not_active")
        self._turn_is_waiting = False
        yield from self._halt(wanted, CLIENT_CANCELLED)

    def interrupt(self) -> Iterator[Event]:
        """Stop the active response because the user speaks (VAD-06)."""
        if self.active is not None:
            self._turn_is_waiting = False
            yield from self._halt(self.active.request.id, TURN_DETECTED)

    def _halt(self, response_id: str, halt: Halt) -> Iterator[Event]:
        response, plan = self._running[response_id]
        response.halted = halt
        yield from self._schedule.finish(plan)

    def _start(self, request: Request) -> None:
        response = RunningResponse(request)
        self._running[request.id] = response, self._schedule.start(self._run(response))

    def _run(self, response: RunningResponse) -> Steps:
        request = response.request
        self._asked += 1
        yield {"type": "response.created", "response": self._shared.wire_object(response)}
        if self._shared.revision.limits_come_first and not response.halted:
            yield self._limits()
        yield from response_events(self._shared, response)
        response.status = response.halted.status if response.halted else "completed"
        self._spent += response.given + response.produced
        if request.in_conversation and response.given.total:
            self._earlier = response.given
        del self._running[request.id]
        if request.in_conversation:
            self.ended(response)
        yield {"type": "response.done", "response": self._shared.wire_object(response)}
        if not self._shared.revision.limits_come_first:
            yield self._limits()
        if self._turn_is_waiting and self.active is None:
            self._turn_is_waiting = False
            self.take_turn()

    def _limits(self) -> Event:
        limits = {
            "tokens": (TOKENS_PER_MINUTE, self._spent.total),
            "requests": (REQUESTS_PER_MINUTE, self._asked),
        }
        return {
            "type": "rate_limits.updated",
            "rate_limits": [
                {
                    "name": name,
                    "limit": limits[name][0],
                    "remaining": max(0, limits[name][0] - limits[name][1]),
                    "reset_seconds": round(60 * limits[name][1] / limits[name][0], 3),
                }
                for name in self._shared.revision.limits
            ],
        }

    def _request(self, asked: Event) -> Request:
        shared, settings = self._shared, self._shared.settings
        paths = shared.dialect.response_paths

        def wanted(name: str) -> Any:
            given = reach(asked, paths.get(name))
            return settings.get(name) if given is None else given

        settings.refuse_unsupported(asked, "response", paths)
        in_conversation = asked.get("conversation") != "none"
        if not in_conversation and "out_of_band" not in self._features:
            raise EventRefused("invalid_value", "This endpoint does not support out_of_band.", "response.conversation")
        if in_conversation and settings.voice_was_sent and wanted("voice") != settings.get("voice"):
            raise EventRefused("cannot_update_voice")
        context = self._context(asked.get("input"))
        tools, choice = wanted("tools") or [], wanted("tool_choice")
        _refuse_unknown_tool(tools, choice)
        return Request(
            id=shared.ids.new("resp"),
            modalities=wanted("modalities"),
            voice=wanted("voice"),
            output_format=wanted("output_format"),
            temperature=wanted("temperature"),
            max_output_tokens=asked.get("max_response_output_tokens") or wanted("max_output_tokens"),
            metadata=asked.get("metadata"),
            instructions=wanted("instructions") or "",
            prompt=replace(
                _prompt(asked, settings.get("instructions") or "", context, tools, choice),
                remote=shared.tool_servers.offered,
            ),
            context=context,
            tools=tools,
            in_conversation=in_conversation,
            earlier=self._earlier if in_conversation else TokenCount(),
        )

    def _within_limits(self, items: list[Item]) -> list[Item]:
        """Leave out the oldest items where the session limits the tokens that come after its instructions."""
        truncation = self._shared.settings.get("truncation")
        limit = reach(truncation, ("token_limits", "post_instructions"))
        sizes = [item.tokens().total for item in items]
        if not isinstance(limit, int) or sum(sizes) <= limit:
            return list(items)
        most, kept = limit * truncation.get("retention_ratio", 1), len(items)
        while kept and sum(sizes[-kept:]) > most:
            kept -= 1
        return items[len(items) - kept :]

    def _context(self, given: list[Any] | None) -> list[Item]:
        if given is None:
            return self._within_limits(self._shared.conversation.items)
        context = []
        for at, each in enumerate(given):
            path = f"response.input[{at}]"
            if isinstance(each, dict) and each.get("type") == "item_reference":
                REFERENCE(each, path)
                item = self._shared.conversation.find(each["id"])
                if item is None:
                    raise EventRefused("invalid_value", f"Item with id '{each['id']}' not found.", f"{path}.id")
            else:
                item = self._shared.conversation.read(each, path)
            context.append(item)
        return context


def _refuse_unknown_tool(tools: list[Event], choice: Any) -> None:
    if isinstance(choice, dict) and choice.get("type") == "function":
        names = tuple(each["name"] for each in tools if each.get("type") == "function")
        if choice["name"] not in names:
            raise invalid_value("response.tool_choice.name", choice["name"], names)


def _prompt(asked: Event, standing: str, context: list[Item], tools: list[Event], choice: Any) -> Prompt:
    own = asked.get("instructions") or ""
    last_said = next((item.words() for item in reversed(context) if item.role == "user"), "")
    system = next((item.words() for item in reversed(context) if item.role == "system"), "")
    last = context[-1].body if context else {}
    return Prompt(
        requests=[each for each in (own, last_said, system, standing) if each],
        text=f"{own} {last_said}",
        user=last_said,
        tools=tools,
        tool_choice=choice,
        metadata=asked.get("metadata") or {},
        tool_output=last.get("output") if last.get("type") == "function_call_output" else None,
    )
