"""Profiles: what is bundled is sound, and what is broken is told with its place."""

import pytest

from conformance.contract.auth_styles import STYLES
from conformance.contract.dialects import DIALECTS
from conformance.contract.harness_schemas import harness_schema
from conformance.contract.profile import (
    PROFILES,
    Waiver,
    every_feature,
    load_profile,
    refuse_unknown_waivers,
    undocumented,
)
from conformance.errors import ProfileError
from conformance.reference.session.core import FEATURES
from conformance.rules import RULES

WRITTEN = """title: Mine
sources: [my documents]
dialect: ga
path: /realtime
auth: [api-key]
"""


def written(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def refused(path):
    with pytest.raises(ProfileError) as error:
        load_profile(path)
    return error.value


def test_the_promised_profiles_are_there():
    assert set(PROFILES) == {
        "anyone", "openopen8", "yuhuan", "openai", "openai-beta", "azure", "azure-preview",
        "litellm", "xai", "localai", "speaches", "hf-speech-to-speech", "vllm",
    }  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_a_bundled_profile_is_sound(name):
    profile = load_profile(name)

    assert profile.name == name
    assert profile.dialect in DIALECTS
    assert set(profile.auth) <= set(STYLES)
    assert profile.features is None or profile.features <= every_feature()
    assert all(profile.sources)
    refuse_unknown_waivers(profile, RULES)


@pytest.mark.parametrize(("name", "count"), [("anyone", 31), ("openopen8", 31), ("yuhuan", 16)])
def test_a_founding_gateway_documents_so_many_facts(name, count):
    profile = load_profile(name)

    assert len(profile.facts) == len(set(profile.facts)) == count
    spoken = DIALECTS[profile.dialect]
    assert {fact.name for fact in profile.facts if fact.kind == "client_event"} <= spoken.client_events
    assert {fact.name for fact in profile.facts if fact.kind == "server_event"} <= spoken.server_events


def test_one_own_file_is_a_profile(tmp_path):
    text = WRITTEN + (
        "model: best\nheaders: {X-Team: voice}\nfeatures: [tools]\n"
        "waivers: {usage.total-is-the-sum: {reason: We round., source: our documents}}\n"
        "documents: {usage_fields: [total_tokens]}\n"
    )
    profile = load_profile(written(tmp_path, text))

    assert (profile.model, profile.headers, profile.features) == ("best", {"X-Team": "voice"}, {"tools", "text_output"})
    assert profile.waivers == {"usage.total-is-the-sum": Waiver("We round. (our documents)")}
    assert [str(fact) for fact in profile.facts] == ["path /realtime", "auth api-key", "usage field total_tokens"]


def test_a_profile_that_leaves_nothing_out_claims_everything(tmp_path):
    assert load_profile(written(tmp_path, WRITTEN)).features is None
    without = load_profile(written(tmp_path, WRITTEN + "features: {without: [tools]}\n")).features
    assert without == every_feature() - {"tools"}


@pytest.mark.parametrize(
    ("change", "message", "place"),
    [
        (("dialect: ga", "dialect: alpha"), "dialect: ", "3:1"),
        (("auth: [api-key]", "auth: [bearer, cookie]"), "auth.1: ", "5:16"),
        (("path: /realtime", "pth: /realtime"), "unknown key 'pth'", "4:1"),
        (("path: /realtime", "path: realtime"), "path: ", "4:1"),
        (("title: Mine", "title: Mine\nfeatures: [tool]"), "features.0: ", "2:12"),
        (("title: Mine", "title: Mine\nwaivers: {a.b: because}"), "waivers.a.b: ", "2:11"),
        (("sources: [my documents]\n", ""), '"sources" is a required property', "1:1"),
    ],
)
def test_a_broken_profile_is_told_with_its_place(tmp_path, change, message, place):
    path = written(tmp_path, WRITTEN.replace(*change))
    error = refused(path)

    assert message in error.message
    assert error.where == f"{path}:{place}"


def test_an_unknown_name_gets_the_nearest_one():
    cure = "Did you mean 'anyone'? Or give a file: --profile=FILE.yaml"

    assert str(refused("anyon")) == f"there is no profile 'anyon'\n{cure}"
    assert "cannot be read" in refused("./nobody.yaml").message


def test_a_waiver_of_no_rule_is_told_with_its_place(tmp_path):
    path = written(tmp_path, WRITTEN + "waivers:\n  usage.total-is-a-sum: {reason: r, source: s}\n")

    with pytest.raises(ProfileError, match=r"usage\.total-is-a-sum") as error:
        refuse_unknown_waivers(load_profile(path), RULES)
    assert error.value.where == f"{path}:7:3"
    assert error.value.cure == "Did you mean 'usage.total-is-the-sum'?"


def test_scenarios_and_profiles_speak_of_the_same_features():
    assert set(harness_schema("profile")["$defs"]["feature"]["enum"]) == every_feature()
    assert every_feature() >= FEATURES


def test_a_vendor_that_lists_everything_documents_nothing_else():
    events = ("session.updated", "response.done", "response.output_text.delta")

    assert undocumented(load_profile("yuhuan"), "server_event", events) == {"session.updated"}
    assert undocumented(load_profile("openopen8"), "client_event", ["input_audio_buffer.commit"])
    assert undocumented(load_profile("anyone"), "client_event", ["input_audio_buffer.commit"]) == frozenset()
    assert undocumented(None, "client_event", ["anything"]) == frozenset()
