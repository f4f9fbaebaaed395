"""What an endpoint may leave out, and what leaves a rule without anything to judge when it does.

Each function returns the name of what is left out on the whole connection; empty if it is there,
or if nothing came that could have shown it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.trace.lens import lens

if TYPE_CHECKING:
    from conformance.trace.views import View

#: Settings that responses may show.
SETTINGS = ("modalities", "max_output_tokens", "voice", "output_format")


@lens
def _shown_settings(view: View) -> set[str]:
    shown = [response for each in view.responses for response in (each.initial, each.final)]
    return {name for name in SETTINGS for each in shown if view.dialect.response_setting(each, name) is not None}


def settings_of_responses(view: View) -> str:
    """Return the settings of responses, if no response shows any."""
    return "the settings of responses" if view.responses and not _shown_settings(view) else ""


def overridden_settings(view: View) -> str:
    """Return the settings that the client overrides and no response shows."""
    asked = {
        name
        for create in view.client("response.create")
        for name in SETTINGS
        if view.dialect.response_setting(create.part("response"), name) is not None
    }
    return ", ".join(sorted(asked - _shown_settings(view))) if view.responses else ""


def conversations_of_responses(view: View) -> str:
    """Return the conversation of responses, if no response shows one."""
    silent = not any("conversation_id" in shown for each in view.responses for shown in (each.initial, each.final))
    return "conversation_id" if view.responses and silent else ""


def usage_of_responses(view: View) -> str:
    """Return the usage of responses, if no response that is over tells any."""
    over = [each.final for each in view.responses if each.final]
    return "usage" if over and not any(isinstance(final.get("usage"), dict) for final in over) else ""


def statuses_of_items(view: View) -> str:
    """Return the status of items, if no item is announced with one."""
    return (
        "status" if view.additions and not any(each.frame.part("item").get("status") for each in view.additions) else ""
    )


def argument_deltas(view: View) -> str:
    """Return the deltas of arguments, if calls come with the whole of them only."""
    whole = view.server("response.function_call_arguments.done")
    deltas = view.server("response.function_call_arguments.delta")
    return "response.function_call_arguments.delta" if whole and not deltas else ""
