"""What is dead in a script, situation by situation; and what only looks so."""

from pathlib import Path

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.resources import folder
from conformance.scenario.load import load, loads
from conformance.scenario.static_checks import dead


def found_in(steps, head=""):
    lines = "".join(f"  - {line}\n" for line in steps)
    text = f"scenario: Something happens.\n{head}steps:\n{lines}"
    return dead(loads(text, Path("talk.yaml")), DIALECTS)


def connected(*steps, on="anna"):
    return [f"{{connect: , on: {on}}}", *(f"{{{step}, on: {on}}}" for step in steps)]


GA, BETA = "dialects: [ga]\n", "dialects: [beta]\n"
#: Steps, head -> (line, message, cure) of what is dead, and whether the script fails there.
DEAD = {
    "said after a close": (
        ["connect", "close", "say: Hello."],
        "",
        (5, "`say` on the connection without a name, which line 4 has closed", "Connect again", True),
    ),
    "said after a drop": (
        ["connect", "drop", "barrier"],
        "",
        (5, "`barrier` on the connection without a name, which line 4 has dropped", "Connect again", True),
    ),
    "said where no session was wanted": (
        ["expect_refusal: {credential: wrong}", "respond"],
        "",
        (4, "`respond` on the connection without a name, which line 3 wants refused", "Connect again", True),
    ),
    "closed twice": (
        ["connect", "close", "close"],
        "",
        (5, "`close` on the connection without a name, which line 4 has closed", "remove it", False),
    ),
    "dropped after a close": (
        connected("close: ", "drop: "),
        "",
        (5, "`drop` on 'anna', which line 4 has closed", "remove it", False),
    ),
    "closed where no session was wanted": (
        ["expect_refusal: {credential: wrong}", "close"],
        "",
        (4, "`close` on the connection without a name, which line 3 wants refused", "remove it", False),
    ),
    "idle after a close": (
        ["connect", "close", "idle: 3"],
        "",
        (5, "`idle` on the connection without a name", "remove it", False),
    ),
    "heard after a close, and nothing had been waited for": (
        ["connect", "close", "await: session.updated"],
        "",
        (5, "`await` on the connection without a name, which line 4 has closed", "Connect again", True),
    ),
    "connected where it is open": (
        ["connect", "connect"],
        "",
        (4, "`connect` on the connection without a name, which is open, since line 3", "Close it first", False),
    ),
    "connected where it has opened by itself": (
        ["say: Hello.", "connect"],
        "",
        (4, "`connect` on the connection without a name, which is open", "Close it first", False),
    ),
    "knocked where it is open": (
        [*connected(), "{expect_refusal: {credential: wrong}, on: anna}"],
        "",
        (4, "`expect_refusal` on 'anna', which is open, since line 3", "open another with `on:`", False),
    ),
    "connected without an upgrade": (
        ["connect: {plain: true}"],
        "",
        (3, "`connect` without an upgrade (`plain`) never opens a session", "Say `expect_refusal`", True),
    ),
    "a connection that is misspelt": (
        [*connected(), "{say: Hello., on: ana}"],
        "",
        (4, "`say` on 'ana', which never connects", "Did you mean 'anna'?", True),
    ),
    "a connection left out where all have names": (
        [*connected(), "say: Hello."],
        "",
        (4, "`say` on the connection without a name, which never connects", "Say which with `on:`: anna.", True),
    ),
    "the second of two that open by themselves": (
        ["{say: Hello., on: [anna, bert]}"],
        "",
        (3, "`say` on 'bert', which never connects", "Known: anna. Else connect it first.", True),
    ),
    "said before it connects": (
        [*connected(), "{say: Hello., on: bert}", "{connect: , on: bert}"],
        "",
        (4, "`say` comes before 'bert' connects, which is in line 5", "Connect first.", True),
    ),
    "closed in one revision, and used in both": (
        ["connect", "{close: , only: beta}", "say: Hello."],
        "",
        (5, "which line 4 has closed (in beta)", "Connect again", True),
    ),
    "only in a revision that is not played": (
        ["connect", "{barrier: , only: beta}"],
        GA,
        (4, "`only: beta`, and `dialects` leaves beta out: the step is never played", "add beta", False),
    ),
    "only in the one revision that is played": (
        ["connect", "{barrier: , only: ga}"],
        GA,
        (4, "`only: ga` has no effect", "Remove it.", False),
    ),
    "an answer to what nobody answers": (
        ["{send: {type: x}, answer: error}"],
        "",
        (3, "`answer: error` has no effect on `send`", "Remove it.", False),
    ),
    "a expect_refusal that wants an error": (
        ["{expect_refusal: {credential: wrong}, answer: error}"],
        "",
        (3, "`answer: error` has no effect on `expect_refusal`", "Remove it.", False),
    ),
    "a cancel that waits for nothing anyway": (
        ["{cancel: , answer: none}"],
        "",
        (3, "`answer: none` has no effect on `cancel`", "Remove it.", False),
    ),
    "patience where nothing is awaited": (
        ["{pause: 100, within: 5}"],
        "",
        (3, "`within` has no effect on `pause`", "Remove it.", False),
    ),
    "patience where no answer is awaited": (
        ["{say: Hello., answer: none, within: 5}"],
        "",
        (3, "`within` has no effect on `say`", "Remove it.", False),
    ),
    "patience while connecting": (
        ["{connect: , within: 5}"],
        "",
        (3, "`within` has no effect on `connect`", "Remove it.", False),
    ),
    "nothing to keep": (
        ["{cancel: , as: mine}"],
        "",
        (3, "`as: mine` keeps nothing: `cancel` has no answer", "Remove it.", False),
    ),
    "kept for nobody": (
        ["{respond: , as: mine}", "await: response.done"],
        "",
        (3, "`as: mine` has no effect: no step says `${mine.…}`", "Remove it.", False),
    ),
    "a value that nobody has kept": (
        ["{respond: , as: mine}", "'cancel': '${mime.response.id}'", "'cancel': '${mine.response.id}'"],
        "",
        (4, "`${mime.response.id}`: no earlier step keeps 'mime'", "Did you mean 'mine'?", True),
    ),
    "a value that is kept too late": (
        ["cancel: '${mine.response.id}'", "{respond: , as: mine}", "cancel: '${mine.response.id}'"],
        "",
        (3, "no earlier step keeps 'mine'", "It is kept later", True),
    ),
    "a value inside of an argument": (
        ["respond: {metadata: {of: ['item ${mine.item.id}']}}"],
        "",
        (3, "`${mine.item.id}`: no earlier step keeps 'mine'", "Keep it with `as:`.", True),
    ),
    "what a run does not have": (
        ["say: '${run.tone}'"],
        "",
        (3, "`${run.tone}`: a run has no such value", "There is ${run.model}, ${run.transcriber}", True),
    ),
    "a value kept in the other revision": (
        ["{respond: , as: mine, only: ga}", "cancel: '${mine.response.id}'"],
        "",
        (4, "no earlier step keeps 'mine' (in beta)", "", True),
    ),
    "a canary that is allowed everywhere": (
        ["unheard: {text: canary-anna, but: canary-}"],
        "",
        (3, "`unheard` can never find anything", "the other way round", False),
    ),
    "a text beside a clip": (
        ["say: {clip: hello, text: Hello.}"],
        "",
        (3, "the `text` of `say` has no effect beside a `clip`", "Keep one", False),
    ),
    "an event by the name of one revision": (
        ["respond", "await: response.text.done"],
        "",
        (
            4,
            "'response.text.done' never matches in beta: scripts use canonical names",
            "response.output_text.done",
            True,
        ),
    ),
    "one of several events by the name of one revision": (
        ["await: [response.done, {event: [error, response.audio.done]}]"],
        "",
        (3, "'response.audio.done' never matches in beta", "response.output_audio.done", True),
    ),
    "a setting that this revision lacks": (
        ["connect", "{configure: {temperature: 0.7}, only: ga}"],
        "",
        (4, "`temperature` is left out: a session of ga has no such setting", "`send`", False),
    ),
    "a setting of a response that this revision lacks": (
        ["respond: {temperature: 0.7}"],
        GA,
        (3, "`temperature` is left out: a response of ga has no such setting", "`send`", False),
    ),
    "needed and lacking": (
        ["barrier"],
        "needs: [tools, images]\nwithout: [tools]\n",
        (0, "`needs` and `without` both name tools", "keep one", False),
    ),
    "each auth style, and all are fixed": (
        ["expect_refusal: {auth: bearer, credential: wrong}"],
        "each: auth\n",
        (0, "`each: auth` plays the same again", "Remove `auth`", False),
    ),
    "a revision in which nothing is played": (
        ["{barrier: , only: ga}"],
        "",
        (0, "in beta not one step is played", "Leave it out of `dialects`.", False),
    ),
}
#: What looks dead and is not.
ALIVE = {
    "connected again": (["connect", "close", "connect", "say: Hello."], ""),
    "knocked twice": (["expect_refusal: {credential: wrong}", "expect_refusal: {credential: empty}"], ""),
    "connected after a expect_refusal": (["expect_refusal: {credential: wrong}", "connect", "barrier"], ""),
    "said where a session was allowed": (["{expect_refusal: {model: wrong}, answer: either}", "say: Hello."], ""),
    "connected where a session was allowed": (["{expect_refusal: {model: wrong}, answer: either}", "connect"], ""),
    "heard before the close": (["respond", "close", "await: response.created"], ""),
    "heard before the refusal": (["expect_refusal: {credential: wrong}", "await: error"], ""),
    "heard while idle": (["connect", "idle: 3", "close", "await: input_audio_buffer.timeout_triggered"], ""),
    "several connections": ([*connected("say: Hello."), *connected("say: Hello.", on="bert"), *connected()[1:]], ""),
    "a connection that opens by itself": (["{say: Hello., on: anna}", "{respond: , on: anna}"], ""),
    "closed in one revision, and used in the other": (
        ["connect", "{close: , only: beta}", "{say: Hello., only: ga}"],
        "",
    ),
    "closed twice in one revision alone": (["connect", "{close: , only: beta}", "close"], ""),
    "used in one revision alone": (
        ["{respond: , as: mine}", "{cancel: '${mine.response.id}', only: ga}", "await: response.done"],
        "",
    ),
    "kept by a refusal": (["{delete: x, answer: error, as: no}", "unheard: '${no.error.message}'"], ""),
    "a cancel that is refused": (["{cancel: , answer: error, within: 5}"], ""),
    "a expect_refusal with patience": (["{expect_refusal: {credential: wrong}, within: 5}"], ""),
    "a look with patience": (["connect", "{unheard: canary, within: 5}"], ""),
    "the model of the run": (["configure: {model: '${run.model}'}"], ""),
    "a canary with its own place": (["unheard: {text: canary-, but: canary-anna}"], ""),
    "a canonical name": (["respond", "await: response.output_text.done"], ""),
    "the other revision's name in this one": (["await: response.text.done"], GA),
    "an event that nobody knows": (["await: vendor.thing"], ""),
    "a setting of one revision": (["configure: {temperature: 0.7}"], ""),
    "a setting of this revision": (["configure: {temperature: 0.7}"], BETA),
    "the last barrier": (["say: Hello.", "barrier"], ""),
    "needed here, lacking there": (["barrier"], "needs: [tools]\nwithout: [images]\n"),
    "each auth style, and one is fixed": (["connect: {auth: bearer}", "close", "connect"], "each: auth\n"),
}


@pytest.mark.parametrize("situation", DEAD)
def test_what_is_dead_is_told_with_its_place_and_a_cure(situation):
    steps, head, (line, message, cure, fails) = DEAD[situation]
    head_lines = head.count("\n")

    (found,) = found_in(steps, head)

    assert (found.step.line if found.step else 0) == (line + head_lines if line else 0)
    assert message in found.message
    assert cure in found.cure
    assert found.fails is fails
    assert bool(found.step) is not bool(found.key)


@pytest.mark.parametrize("situation", ALIVE)
def test_what_only_looks_dead_is_left_alone(situation):
    assert [each.message for each in found_in(*ALIVE[situation])] == []


def test_a_step_knows_its_column():
    (found,) = found_in(["connect", "{barrier: , only: beta}"], GA)

    assert (found.step.line, found.step.column) == (5, 5)


def test_one_line_on_several_connections_is_told_once():
    both = ["{connect: , on: [anna, bert]}", "{close: , answer: error, on: [anna, bert]}"]

    assert [each.message for each in found_in(both)] == ["`answer: error` has no effect on `close`"]


def test_what_follows_on_a_dead_connection_is_not_told_again():
    found = found_in(["connect", "close", "say: Hello.", "respond", "await: response.done"])

    assert [each.step.line for each in found] == [5]


def test_all_is_told_in_the_order_of_the_file():
    found = found_in(["connect", "{pause: 100, within: 5}", "close", "close"], "needs: [tools]\nwithout: [tools]\n")

    assert [each.step and each.step.name for each in found] == [None, "pause", "close"]


@pytest.mark.parametrize("path", sorted(folder("scenarios").rglob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_is_dead_in_the_library(path):
    assert [each.message for each in dead(load(path), DIALECTS)] == []
