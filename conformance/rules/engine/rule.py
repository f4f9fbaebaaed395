"""What a rule is: a pure generator over a view of a trace.

    @rules.must("response.done-is-last", about={"response.done"}, covers=("RSP-05",), spec="response/done")
    def done_is_last(view: View) -> Judged:
        \"\"\"Nothing that belongs to a response follows its `response.done`.\"\"\"
        for response in view.responses:
            ...
            yield Finding(frame.index, "…came after response.done")   # broken here
            yield HELD                                                # it applied, and held

A rule that yields nothing was not exercised: unproven, never passed.
Rules do no I/O, know no clock, and never ask for a dialect by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NotRequired, TypeAlias, TypedDict, Unpack

if TYPE_CHECKING:
    from conformance.trace.views import View

SPEC = "https://platform.openai.com/docs/api-reference/"
SERVER_EVENTS = SPEC + "realtime-server-events/"
CLIENT_EVENTS = SPEC + "realtime-client-events/"
GUIDE = "https://platform.openai.com/docs/guides/"

#: `about=` of a rule that looks at whatever the server said.
ANYTHING: Final = frozenset({"*"})
#: `about=` of a rule that looks at the upgrade.
HANDSHAKE: Final = frozenset({"handshake"})
#: `about=` of a rule that looks at an upgrade with anything but a valid key and model, or that was not granted.
UNUSUAL_HANDSHAKE: Final = frozenset({"unusual handshake"})
#: `about=` of a rule that looks at the subprotocols that were offered and selected.
SUBPROTOCOL: Final = frozenset({"subprotocol"})
#: `about=` of a rule that looks at how a client secret was given, or at what it opens.
CLIENT_SECRET: Final = frozenset({"client secret"})
#: `about=` of a rule that looks at sessions of type transcription, and at connections for them.
TRANSCRIPTION_SESSION: Final = frozenset({"transcription session"})
#: `about=` of a rule that looks at sessions that translate, and at connections for them.
TRANSLATION_SESSION: Final = frozenset({"translation session"})
#: `about=` of a rule that looks at how the connection ended.
END: Final = frozenset({"end"})
#: `about=` of a rule that looks at a connection that the server ended.
END_BY_SERVER: Final = frozenset({"end by the server"})
#: `about=` of a rule that looks at what a client sent that is no event of the revision.
STRANGE_EVENT: Final = frozenset({"strange client event"})
#: `about=` of a rule that looks at items that the client gave an id or a place.
PLACED_ITEM: Final = frozenset({"named or placed item"})
#: `about=` of a rule that looks at what a `response.create` says of its response.
OVERRIDES: Final = frozenset({"overrides"})
#: `about=` of a rule that compares a response that is over with a later one.
SECOND_RESPONSE: Final = frozenset({"second response"})
#: `about=` of a rule that looks at the details of how responses ended.
STATUS_DETAILS: Final = frozenset({"status details"})


@lru_cache(maxsize=64)
def items_of(kind: str) -> frozenset[str]:
    """Return `about=` of a rule that looks at items of a type that responses or the client make."""
    return frozenset({f"item {kind}"})


@lru_cache(maxsize=64)
def ended_as(status: str) -> frozenset[str]:
    """Return `about=` of a rule that looks at responses that end with a status."""
    return frozenset({f"status {status}"})


class Keyword(StrEnum):
    """How much a requirement demands (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    """Only informs: never more than a note."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a requirement is broken."""

    index: int
    """The offending entry of the trace; -1 for the handshake, len(trace) for the end."""
    message: str
    """One sentence, without the requirement, naming ids where there are any."""
    expected: str = ""
    actual: str = ""
    path: str = ""
    """JSON pointer into the event, where one field is at fault."""
    also: tuple[str, ...] = ()
    """Further fields of the event that are at fault in the same manner."""
    hint: str = ""
    """What is known of such a deviation from the field, and the cure."""


class _Held:
    """The type of HELD."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "HELD"


#: A rule yields this where its requirement applied and was met: the evidence behind a pass.
#: Once is enough: rules over every frame say it once for all of them.
HELD: Final = _Held()

Evidence: TypeAlias = "Finding | _Held"
Judged = Iterator["Finding | _Held"]
Check = Callable[["View"], Judged]


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement and the generator that judges it."""

    id: str
    """`chapter.fact-in-the-indicative`; stable once released.  In a vendor's pack `vendor/` comes before it, and the
    chapter may be left out.
    """
    keyword: Keyword
    about: frozenset[str]
    """Canonical event types (client's or server's), or the words above, without any of which it has nothing to say."""
    covers: tuple[str, ...]
    """Requirement ids, e.g. `RSP-05`."""
    spec: str
    """URL of the passage."""
    check: Check
    speaks: frozenset[str] = frozenset()
    """Canonical server events that a dialect must have for the rule to apply."""
    settings: frozenset[str] = frozenset()
    """Canonical settings (`session_paths`) that a dialect must have for the rule to apply."""
    relaxed: str = ""
    """Why the keyword is weaker or the scope narrower than the documents say: what the wire shows."""
    left_out: Callable[[View], str] | None = None
    """Which optional thing the endpoint leaves out, so that there is nothing to judge; see `left_out`."""

    @property
    def sentence(self) -> str:
        """The requirement, as a sentence."""
        return " ".join((self.check.__doc__ or "").partition("\n\n")[0].split())

    @property
    def chapter(self) -> str:
        """The part of the id before the dot, empty where a vendor's rule has none."""
        return self.id.rpartition(".")[0]

    @property
    def vendor(self) -> str:
        """Whose pack it comes from: the part of the id before the slash, empty for a rule of ours."""
        return vendor_in(self.id)

    @property
    def demand(self) -> str:
        """Keyword and sentence, as they head a finding; a vendor's under its name."""
        of = f" of {self.vendor}:" if self.vendor else ""
        return f"{self.keyword}{of} {self.sentence}"


def vendor_in(rule_id: str) -> str:
    """Tell whose a rule is by its id, empty for ours."""
    vendor, slash, _ = rule_id.partition("/")
    return vendor if slash else ""


class Fields(TypedDict):
    """What the decorator takes beside the id; see Rule."""

    about: Collection[str]
    covers: tuple[str, ...]
    spec: str
    speaks: NotRequired[Collection[str]]
    settings: NotRequired[Collection[str]]
    relaxed: NotRequired[str]
    left_out: NotRequired[Callable[[View], str]]


@dataclass
class Chapter:
    """The table of the rules of one module, in order of definition."""

    name: str
    """What their ids begin with, before the dot; a vendor's whole name with its slash (`acme/`) needs no dot."""
    rules: list[Rule] = field(default_factory=list)

    def must(self, id: str, **fields: Unpack[Fields]) -> Callable[[Check], Check]:
        """Register a MUST rule."""
        return self._register(Keyword.MUST, id, fields)

    def should(self, id: str, **fields: Unpack[Fields]) -> Callable[[Check], Check]:
        """Register a SHOULD rule."""
        return self._register(Keyword.SHOULD, id, fields)

    def may(self, id: str, **fields: Unpack[Fields]) -> Callable[[Check], Check]:
        """Register a rule that only informs."""
        return self._register(Keyword.MAY, id, fields)

    def _register(self, keyword: Keyword, id: str, fields: Fields) -> Callable[[Check], Check]:
        if not id.startswith(self.name if self.name.endswith("/") else self.name + "."):
            raise ValueError(f"rule {id!r} is not of the chapter {self.name!r}")

        def register(check: Check) -> Check:
            self.rules.append(
                Rule(
                    id=id,
                    keyword=keyword,
                    about=frozenset(fields["about"]),
                    covers=fields["covers"],
                    spec=fields["spec"],
                    check=check,
                    speaks=frozenset(fields.get("speaks", ())),
                    settings=frozenset(fields.get("settings", ())),
                    relaxed=fields.get("relaxed", ""),
                    left_out=fields.get("left_out"),
                )
            )
            return check

        return register
