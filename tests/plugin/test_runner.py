"""The first connection: where the usual auth style is refused, another documented one may open sessions."""

import json

import pytest


@pytest.mark.parametrize("refusal", ["http", "openai"])
def test_a_run_goes_on_in_the_documented_style_that_opens_a_session(folder, endpoint, refusal):
    folder.talk("talk")
    url = endpoint(auth_styles=("query-token",), refusal=refusal)

    run = folder.pytest("talk.yaml", f"--endpoint={url}", "--profile=anyone")

    assert run.returncode == 0, run.stdout
    told = " ".join(run.stdout.split())
    assert "auth: bearer is documented, but was refused; query-token opens sessions" in told
    assert "auth bearer" in told.partition("not shown in what was played:")[2]


def test_workers_play_in_that_style_too(folder, endpoint):
    folder.talk("talk")

    run = folder.pytest("talk.yaml", f"--endpoint={endpoint(auth_styles=('query-token',))}", "--profile=anyone", "-n1")

    assert run.returncode == 0, run.stdout


def test_a_finding_is_repeated_in_that_style(folder, endpoint):
    folder.talk("talk")
    url = endpoint("delta-follows-its-response", auth_styles=("query-token",))

    run = folder.pytest("talk.yaml", f"--endpoint={url}", "--profile=anyone")

    assert run.returncode == 1, run.stdout
    assert "--auth=query-token" in run.stdout


@pytest.mark.parametrize(
    ("styles", "asked", "token"),
    [(("query-token",), ["--auth=bearer"], "right"), (("bearer", "query-token"), [], "sk-nobody-knows-0123456789")],
    ids=["a style that was chosen", "a key that nobody knows"],
)
def test_what_is_refused_for_good_is_told_of_the_usual_style(folder, endpoint, key, styles, asked, token):
    folder.talk("talk")
    url = endpoint(auth_styles=styles)

    run = folder.pytest(
        "talk.yaml", f"--endpoint={url}", "--profile=anyone", *asked, token=key if token == "right" else token
    )

    assert run.returncode == 6, run.stdout
    assert "the key was refused" in run.stdout


def test_a_documented_style_that_is_refused_is_a_finding_of_that_style_and_no_excuse(folder, endpoint):
    url = endpoint(auth_styles=("bearer",))

    run = folder.pytest("scenarios/connection/accepts_the_key.yaml", f"--endpoint={url}", "--profile=anyone")

    assert run.returncode == 1, run.stdout
    assert "A valid key (style query-token) opened no session." in " ".join(run.stdout.split())
    assert "style bearer) opened no session" not in run.stdout
    assert "not applicable" not in run.stdout


def test_nothing_is_excused_and_the_dialect_is_named_where_an_empty_update_is_refused(folder, odd_endpoint):
    folder.discovers = True
    created = {"type": "session.created", "event_id": "event_0", "session": {"id": "sess_1", "type": "realtime"}}

    async def refuse_all(connection):
        await connection.send(json.dumps(created))
        async for frame in connection:
            asked = json.loads(frame)
            error = {"type": "invalid_request_error", "code": "unknown_parameter", "event_id": asked.get("event_id")}
            error |= {"message": "Unknown parameter: 'session.type'.", "param": "session.type"}
            await connection.send(json.dumps({"type": "error", "event_id": "event_1", "error": error}))

    folder.talk("talk")

    run = folder.pytest("talk.yaml", f"--endpoint={odd_endpoint(refuse_all)}", "--dialect=ga")

    told = " ".join(run.stdout.split())
    assert "nothing is excused: unknown_parameter: Unknown parameter: 'session.type'." in told
    assert "--dialect=beta" in told
    assert run.returncode == 1
