"""Every requirement the project knows of: what the sources ask of an endpoint, in our own words.

A rule names those that it covers; the ones that none covers say here why.
`docs/requirements.md` is made of this table, and a test fails on an orphan in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.contract.dialects import DIALECTS
from conformance.rules.engine.rule import Keyword

MUST, SHOULD, MAY = Keyword.MUST, Keyword.SHOULD, Keyword.MAY
BOTH, GA, BETA = frozenset(DIALECTS), frozenset({"ga"}), frozenset({"beta"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the sources ask of an endpoint."""

    id: str
    sentence: str
    keyword: Keyword
    dialects: frozenset[str]
    unchecked: str = ""
    """Why no rule covers it; empty if one does."""

    @property
    def family(self) -> str:
        """The letters of the id."""
        return self.id.partition("-")[0]


FAMILIES: Mapping[str, str] = {
    "CON": "Connection",
    "FRM": "Framing",
    "SES": "Session",
    "ITM": "Conversation items",
    "RSP": "Responses",
    "STR": "Streaming inside a response",
    "IAB": "Input audio buffer",
    "VAD": "Turns of detected speech",
    "TRX": "Transcription of input",
    "ERR": "Errors",
    "RAT": "Rate limits",
    "USE": "Usage",
    "SEC": "Client secrets",
}

_ROWS: tuple[tuple[str, Keyword, frozenset[str], str], ...] = (
    ("CON-01", MUST, BOTH, "A valid key opens a session in each style that the vendor documents."),
    ("CON-02", MUST, BOTH, "No key, or a wrong one, never opens a session."),
    ("CON-03", MUST, BOTH, "A refusal shows: an HTTP status in the 400s, or an error and a close."),
    ("CON-04", MUST, BOTH, "The selected subprotocol was offered, and is not the one with the key."),
    ("CON-05", MUST, BOTH, "No frame and no close reason of the endpoint holds the key."),
    ("CON-06", SHOULD, BOTH, "A model that is missing or unknown is refused, not met with silence."),
    ("CON-07", SHOULD, BOTH, "The endpoint ends a connection with a close frame."),
    ("CON-08", MUST, BOTH, "A ping of the client is answered by a pong."),
    ("CON-09", MUST, BOTH, "A key that may not use a model opens no session with it."),
    ("CON-10", SHOULD, BOTH, "A key without quota is refused as such."),
    ("FRM-01", MUST, BOTH, "What the endpoint says are text frames of one JSON object with a type each."),
    ("FRM-02", MUST, BOTH, "Every event of the endpoint has a string `event_id`."),
    ("FRM-03", MUST, BOTH, "No `event_id` is used twice on a connection."),
    ("FRM-04", SHOULD, BOTH, "The endpoint does not take the client's `event_id` for its own."),
    ("FRM-05", MUST, BOTH, "Each event has the fields, types and values that its schema allows."),
    ("FRM-06", SHOULD, BOTH, "A connection speaks one revision, not names of both."),
    ("FRM-07", MAY, BOTH, "An event type that nobody knows may come; it is reported."),
    ("FRM-08", MUST, GA, "A client's `event_id` is optional and has at most 512 characters."),
    ("FRM-09", MAY, BOTH, "Ids usually begin with what they identify (`resp_`, `item_`)."),
    ("FRM-10", MUST, BOTH, "An event comes under the name that its revision gives it."),
    ("SES-01", MUST, BOTH, "The first event of an accepted connection is `session.created`."),
    ("SES-02", MUST, BOTH, "`session.created` comes without being asked for."),
    ("SES-03", SHOULD, BOTH, "A connection has one `session.created`."),
    ("SES-04", SHOULD, BOTH, "`session.created` shows the settings in effect."),
    ("SES-05", SHOULD, BOTH, "`conversation.created`, if any, stands between the session and any item."),
    ("SES-06", MUST, BOTH, "A `session.update` is either confirmed once or refused by an error, never both."),
    ("SES-07", MUST, BOTH, "`session.updated` shows all settings, not only the changed ones."),
    ("SES-08", MUST, BOTH, "`session.updated` shows the values that the client asked for."),
    ("SES-09", MUST, BOTH, "Settings that an update does not mention stay as they were."),
    ("SES-10", MUST, BOTH, "Empty instructions, no tools and a null turn detection clear the setting."),
    ("SES-11", MUST, GA, "`session.updated` does not carry the client's `event_id`."),
    ("SES-12", MUST, BOTH, "Once the assistant has spoken, another voice is refused."),
    ("SES-13", MUST, BOTH, "An update cannot change the model."),
    ("SES-14", SHOULD, BOTH, "An update that is refused changes nothing at all."),
    ("SES-15", SHOULD, BOTH, "The session keeps its id."),
    ("SES-16", MUST, GA, "An update without a session type is refused."),
    ("SES-17", SHOULD, BOTH, "`expires_at` lies ahead, and no further than a session may last."),
    ("SES-18", SHOULD, BOTH, "A session that expires says so before the connection closes."),
    ("SES-19", SHOULD, BOTH, "A value outside its range is refused by an error that names the parameter."),
    ("SES-20", MUST, BOTH, "A set of modalities that the revision does not have is refused."),
    ("SES-21", MUST, BOTH, "A session can be updated at any time, also during a response."),
    ("ITM-01", MUST, BOTH, "An item that the client creates is announced, under its id."),
    ("ITM-02", MUST, BOTH, "An item keeps the id that the client gave it; without one it gets one."),
    ("ITM-03", SHOULD, BOTH, "Item ids are unique; a second item of an id is refused."),
    ("ITM-04", MUST, BOTH, "A predecessor is in the conversation; only a first item has none."),
    ("ITM-05", MUST, BOTH, "An item without a wished place goes to the end."),
    ("ITM-06", MUST, BOTH, "The place `root` is the beginning of the conversation."),
    ("ITM-07", MUST, BOTH, "An item cannot be placed after one that does not exist."),
    ("ITM-08", MUST, GA, "`conversation.item.done` follows `conversation.item.added`, once for each item."),
    ("ITM-09", MUST, GA, "The model's item is announced empty and in progress, the user's complete."),
    ("ITM-10", SHOULD, GA, "The item of `conversation.item.done` has a final status."),
    ("ITM-11", MUST, BOTH, "Deleting an item is confirmed under its id; deleting an unknown one is refused."),
    ("ITM-12", MUST, BOTH, "A deleted item cannot be retrieved, truncated or deleted again."),
    ("ITM-13", MUST, BOTH, "A retrieved item is the whole item; an unknown one is refused."),
    ("ITM-14", MUST, BOTH, "A truncation is confirmed with the item, part and position that were asked for."),
    ("ITM-15", MUST, BOTH, "Audio cannot be truncated beyond its end."),
    ("ITM-16", SHOULD, BOTH, "After a truncation the transcript of the part is gone."),
    ("ITM-17", SHOULD, BOTH, "The output of a call that was never made is refused."),
    ("ITM-18", MUST, BOTH, "Each role holds the kinds of content that belong to it."),
    ("ITM-19", MUST, BOTH, "Items of an out-of-band response stay out of the conversation."),
    ("ITM-20", MAY, GA, "Items call themselves `realtime.item`."),
    ("RSP-01", MUST, BOTH, "A response that was asked for begins with `response.created`."),
    ("RSP-02", MUST, BOTH, "A response begins in progress, without output, usage or details."),
    ("RSP-03", MUST, BOTH, "Nothing mentions a response before it was created."),
    ("RSP-04", MUST, BOTH, "Each response ends in one `response.done`, whatever became of it."),
    ("RSP-05", MUST, BOTH, "Nothing of a response follows its end."),
    ("RSP-06", MUST, BOTH, "A response ends as completed, cancelled, failed or incomplete."),
    ("RSP-07", MUST, BOTH, "The details of a status are of the type of the status."),
    ("RSP-08", MUST, BOTH, "A status that is not completed gives its reason, or its error."),
    ("RSP-09", MUST, BOTH, "`response.done` lists every announced item in order, without audio."),
    ("RSP-10", SHOULD, BOTH, "The items of `response.done` are those of `response.output_item.done`."),
    ("RSP-11", MUST, BOTH, "Only one response at a time writes to the conversation."),
    ("RSP-12", MUST, BOTH, "While a response of the conversation runs, another is refused."),
    ("RSP-13", MUST, BOTH, "Out-of-band responses may overlap and belong to no conversation."),
    ("RSP-14", SHOULD, BOTH, "A response carries the metadata it was asked with."),
    ("RSP-15", MUST, BOTH, "A cancelled response ends as cancelled by the client."),
    ("RSP-16", MUST, BOTH, "Cancelling when nothing runs is refused, and harms nothing."),
    ("RSP-17", MUST, BOTH, "Cancelling by id ends that response and no other."),
    ("RSP-18", MAY, BOTH, "A cancel that comes before the response was created may be without effect."),
    ("RSP-19", MUST, BOTH, "A response that ends early still closes its parts and items."),
    ("RSP-20", SHOULD, BOTH, "A completed response has output."),
    ("RSP-21", MUST, BOTH, "What one response overrides does not outlast it."),
    ("RSP-22", MUST, BOTH, "A response in text has no audio."),
    ("RSP-23", MUST, BOTH, "A response in audio has a transcript."),
    ("RSP-24", MUST, BOTH, "A response that meets its token limit ends as incomplete."),
    ("RSP-25", SHOULD, BOTH, "A response that fails says so in its `response.done`."),
    ("RSP-26", MUST, BOTH, "A response ends under the ids that it began with."),
    ("RSP-27", SHOULD, BOTH, "The input of an out-of-band response stays out of the conversation."),
    ("RSP-28", SHOULD, BOTH, "A response is heard in the format that it shows.  Its voice is judged only as shown."),
    ("STR-01", MUST, BOTH, "`response.output_item.added` comes before anything else of its item."),
    ("STR-02", SHOULD, BOTH, "Output items are numbered from 0 in the order of their announcement."),
    ("STR-03", MUST, BOTH, "The model's item is announced in the conversation before its parts."),
    ("STR-04", MUST, BOTH, "A part is announced before its first delta."),
    ("STR-05", SHOULD, BOTH, "The parts of an item are numbered from 0 without holes."),
    ("STR-06", MUST, BOTH, "An item keeps its response and its number."),
    ("STR-07", MUST, BOTH, "The deltas of a text, its end, its part and its item say the same."),
    ("STR-08", MUST, BOTH, "The deltas of a transcript, its end, its part and its item say the same."),
    ("STR-09", MUST, BOTH, "The deltas of a call's arguments, their end and the item say the same."),
    ("STR-10", MUST, BOTH, "Audio deltas are base64 and make whole samples."),
    ("STR-11", MUST, BOTH, "Events that end something repeat no audio."),
    ("STR-12", MUST, BOTH, "The streams of a part end before the part."),
    ("STR-13", MUST, BOTH, "Parts end before their item, items before their response."),
    ("STR-14", MUST, BOTH, "Each stream ends once, and nothing of it follows."),
    ("STR-15", MAY, BOTH, "Audio may end before its transcript or after it."),
    ("STR-16", MUST, BOTH, "A part keeps its type from announcement to end."),
    ("STR-17", MUST, BOTH, "A call has no content parts, and keeps its call id."),
    ("STR-18", SHOULD, BOTH, "An output item begins empty and in progress, and ends with a final status."),
    ("STR-19", SHOULD, BOTH, "The arguments of a completed call are JSON."),
    ("STR-20", MUST, BOTH, "The end of the arguments and the end of the call agree."),
    ("IAB-01", MUST, BOTH, "Appending audio is not acknowledged."),
    ("IAB-02", MUST, BOTH, "An append may hold up to 15 MiB."),
    ("IAB-03", SHOULD, BOTH, "Audio that is no base64 is refused, and the session goes on."),
    ("IAB-04", MUST, BOTH, "Committed audio is confirmed and becomes an item of the user."),
    ("IAB-05", MUST, BOTH, "The confirmation of a commit comes before the item."),
    ("IAB-06", MUST, BOTH, "An empty buffer cannot be committed."),
    ("IAB-07", MUST, BOTH, "A commit leaves the buffer empty."),
    ("IAB-08", MUST, BOTH, "A commit alone starts no response."),
    ("IAB-09", MUST, BOTH, "A clear is confirmed once and leaves the buffer empty."),
    ("IAB-10", MUST, BOTH, "A commit makes a new item, whose predecessor is in the conversation."),
    ("IAB-11", MUST, BOTH, "Without turn detection nothing is heard, committed or answered by itself."),
    ("VAD-01", MUST, BOTH, "The beginning and the end of speech alternate."),
    ("VAD-02", MUST, BOTH, "A turn has one item id from the first sound to the item."),
    ("VAD-03", MUST, BOTH, "Positions are milliseconds of the session's audio, from 0."),
    ("VAD-04", MUST, BOTH, "A turn goes from silence to commit, to item, to response."),
    ("VAD-05", MUST, BOTH, "With `create_response` false, nothing is answered by itself."),
    ("VAD-06", MUST, BOTH, "With `interrupt_response`, speech cancels the running response."),
    ("VAD-07", MUST, BOTH, "Without `interrupt_response`, the running response goes on."),
    ("VAD-08", MAY, BOTH, "Positions include the padding before and the silence after the speech."),
    ("VAD-09", MUST, GA, "A turn that times out is committed under the announced id and answered."),
    ("VAD-10", MUST, BOTH, "Every detected turn ends in a commit."),
    ("VAD-11", SHOULD, BOTH, "A conversation begins with turn detection on."),
    ("VAD-12", SHOULD, GA, "An idle timeout that was accepted ends the silence after an answer."),
    ("TRX-01", MUST, BOTH, "Nothing is transcribed unless transcription is configured."),
    ("TRX-02", MUST, BOTH, "A transcription names an item of committed audio."),
    ("TRX-03", SHOULD, BOTH, "A transcription ends once."),
    ("TRX-04", MAY, BOTH, "Transcription and response may come in any order."),
    ("TRX-05", MAY, BOTH, "The deltas of a transcription make up its transcript."),
    ("TRX-06", MUST, BOTH, "A failed transcription is an event of its own and harms nothing else."),
    ("TRX-07", MUST, BOTH, "A transcription session has no responses."),
    ("TRX-08", SHOULD, BOTH, "Log probabilities that were asked for come with a transcription, and none is above 0."),
    ("ERR-01", MUST, BOTH, "An error has a type and a message; its other fields are text or null."),
    ("ERR-02", MUST, BOTH, "An error names the client event it is about."),
    ("ERR-03", MUST, BOTH, "A session outlives the client's mistakes."),
    ("ERR-04", MUST, BOTH, "An event type that does not exist is refused."),
    ("ERR-05", MUST, BOTH, "An event without a type is refused."),
    ("ERR-06", SHOULD, BOTH, "Text that is no JSON is refused, and the connection stays."),
    ("ERR-07", MUST, BOTH, "A refused event has no effect."),
    ("ERR-08", SHOULD, BOTH, "One mistake gives one error."),
    ("ERR-09", MUST, BOTH, "An error about something else does not end a running response."),
    ("ERR-10", SHOULD, BOTH, "What ends the connection is said before the close frame."),
    ("RAT-01", MUST, BOTH, "A rate limit is of requests or tokens, and its numbers make sense."),
    ("RAT-02", MAY, BOTH, "Rate limits may come early in a response, after it, or not at all."),
    ("USE-01", MUST, BOTH, "The total is input and output."),
    ("USE-02", MUST, BOTH, "The input is text, audio and images."),
    ("USE-03", SHOULD, BOTH, "The output is at least text and audio."),
    ("USE-04", MUST, BOTH, "Cached tokens are part of the input."),
    ("USE-05", MUST, BOTH, "Cached tokens are the sum of their details."),
    ("USE-06", SHOULD, BOTH, "No kind has more cached tokens than tokens."),
    ("USE-07", MUST, BOTH, "Counts are whole numbers and not negative."),
    ("USE-08", SHOULD, BOTH, "Where there was no audio, no audio is counted."),
    ("USE-09", SHOULD, BOTH, "Audio is counted by its length."),
    ("USE-10", SHOULD, BOTH, "The input of a growing conversation does not shrink."),
    ("USE-11", SHOULD, BOTH, "A response that begins has no usage yet."),
    ("USE-12", SHOULD, BOTH, "A completed response has usage."),
    ("USE-13", MAY, BOTH, "A response that did not complete may have usage, some, or none."),
    ("USE-14", MUST, BOTH, "The usage of a transcription is its own, in tokens that add up or in seconds."),
    ("USE-16", SHOULD, GA, "A picture is counted in image tokens."),
    ("USE-15", SHOULD, BOTH, "A gateway passes usage on unchanged."),
    ("SEC-01", MUST, BOTH, "Who has a key gets a client secret for the asking, in the documented form."),
    ("SEC-02", MUST, BOTH, "Without a valid key there is no client secret."),
    ("SEC-03", MUST, BOTH, "The answer holds no key but the secret."),
    ("SEC-04", SHOULD, BOTH, "A secret lives as long as was asked for, and says until when."),
    ("SEC-05", MUST, BOTH, "A secret opens a session, with the settings that were asked for with it."),
    ("SEC-06", MUST, BOTH, "A secret that has expired opens no session."),
)

#: Requirement -> why no rule covers it.
UNCHECKED: Mapping[str, str] = {
    "FRM-08": "It binds the client; ours keeps to it.",
    "ITM-20": "The documents ask for it, real `ga` endpoints leave it out: either is right.",
    "RSP-18": "It allows an endpoint two behaviours; no trace can break it.",
    "STR-15": "It leaves the order open; no trace can break it.",
    "TRX-04": "It leaves the order open; no trace can break it.",
    "USE-13": "The documents do not say; what is present is judged by the other rules of usage.",
    "USE-15": "A lone client cannot see it: it takes the traces of both sides of a relay.",
}

REQUIREMENTS: Mapping[str, Requirement] = {
    name: Requirement(name, sentence, keyword, dialects, UNCHECKED.get(name, ""))
    for name, keyword, dialects, sentence in _ROWS
}
