"""The first connection: where the usual auth style is refused, another documented one may open sessions."""

import pytest


@pytest.mark.parametrize("refusal", ["http", "openai"])
def test_a_run_goes_on_in_the_documented_style_that_opens_a_session(folder, endpoint, refusal):
    folder.talk("talk")
    url = endpoint(auth_styles=("query-token",), refusal=refusal)

    run = folder.pytest("talk.yaml", f"--endpoint={url}", "--profile=anyone")

    assert run.returncode == 0, run.stdout
    told = " ".join(run.stdout.split())
    assert "auth: bearer is documented and was refused; query-token opens sessions" in told
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
