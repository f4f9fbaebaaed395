"""What is said before anything is judged: what is played against, and what the first connections showed."""

from dataclasses import replace

import pytest

from conformance.contract.dialects import DIALECTS
from conformance.contract.profile import load_profile
from conformance.play.preflight import Diagnosis
from conformance.play.target import Target
from conformance.report.diagnosis import diagnosed, header
from conformance.run.settings import Settings
from conformance.secrets import Scrubber
from conformance.trace.trace import Trace
from tests.report.kept_lines import KeptLines

TARGET = Target("wss://endpoint.test/v1/realtime", DIALECTS["ga"], "sk-a-secret-0123456789")
READY = Diagnosis(Trace(), dialect=DIALECTS["ga"])


def headed(**how):
    return " ".join(header(Settings(TARGET, scrub=Scrubber((TARGET.key,)), **how)))


def test_the_head_says_what_is_played_against_as_whom_and_no_secret():
    keyed = replace(TARGET, url=TARGET.url + "?key=" + TARGET.key, model="m")
    told = " ".join(header(Settings(keyed, scrub=Scrubber((TARGET.key,)))))

    assert "endpoint: wss://endpoint.test/v1/realtime?key=" in told
    assert TARGET.key not in told
    assert "profile: none" in told
    assert "model: m" in told


def test_the_head_names_the_embedded_reference_and_a_profile_without_its_waivers():
    waiving = load_profile("azure")
    assert waiving.waivers

    assert "the embedded reference endpoint" in headed(embedded=True)
    assert "profile: azure without its waivers" in headed(profile=waiving, waive=False)
    assert "without its waivers" not in headed(profile=waiving)
    assert "model: not named" in headed()


def said(diagnosis, told=None, **how):
    screen = KeptLines()
    diagnosed(screen, diagnosis, told or Settings(TARGET, **how))
    return "\n".join(screen.lines)


@pytest.mark.parametrize(
    ("dialect", "found", "line"),
    [
        ("auto", "ga", "dialect: ga (recognised)"),
        ("auto", None, "dialect: ga (assumed: not recognisable from the first events)"),
        ("ga", "beta", "dialect: ga as asked, though the first events look like beta"),
        ("ga", "ga", ""),
    ],
)
def test_the_revision_is_told_with_how_it_is_known(dialect, found, line):
    assert said(replace(READY, dialect=found and DIALECTS[found]), dialect=dialect) == line


def test_what_the_first_connections_found_is_told_before_anything_is_judged():
    told = Settings(
        replace(TARGET, auth="subprotocol", patience=TARGET.patience.stretched(30.0)),
        dialect="ga",
        lacking={"semantic_vad": "invalid_value: no"},
        unclaimed=("tools",),
    )

    lines = said(replace(READY, refused_style="bearer", latency=30.0), told)

    assert "auth: bearer is documented, but was refused; subprotocol opens sessions" in lines
    assert "not offered: semantic_vad (invalid_value: no)" in lines
    assert "offered, though the profile does not claim it: tools" in lines
    assert "slow: the first event took 30.0 s" in lines


def test_an_endpoint_that_is_not_ready_is_one_diagnosis_with_its_cure_and_no_secret():
    trouble = f"the key {TARGET.key} was refused"
    refused = Diagnosis(Trace(), trouble=trouble, cure="Check REALTIME_TOKEN.")

    lines = said(refused, scrub=Scrubber((TARGET.key,)))

    assert "the endpoint is not ready" in lines
    assert TARGET.url in lines
    assert "Check REALTIME_TOKEN." in lines
    assert TARGET.key not in lines
    assert "the embedded reference" in said(refused, embedded=True)
