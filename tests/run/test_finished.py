"""A run that is over has the settings that it had: what its journal leaves out, nobody can recompute."""

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.contract.key_roles import ROLES
from conformance.contract.profile import load_profile
from conformance.report.certificate import library
from conformance.run.finished import settings_from
from conformance.run.journal import about
from tests.records import settings

MORE = {
    "nothing": {},
    "further keys": {"keys": dict.fromkeys(ROLES, "sk-other")},
    "a tool server": {"tool_server": "https://tools.test/mcp"},
    "one auth style": {"styles": ("bearer",)},
}


@pytest.mark.parametrize("profile", [None, "openai", "azure", "anyone"])
@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
@pytest.mark.parametrize("key", ["", "sk-test"])
@pytest.mark.parametrize("unclaimed", [(), ("tools", "subprotocol")])
def test_the_same_conversations_apply_as_did(profile, more, key, unclaimed):
    claims = load_profile(profile) if profile else None
    was = settings(profile=claims, embedded=profile is None, unclaimed=unclaimed)
    was = replace(was, target=replace(was.target, key=key, **more))

    again = settings_from(about(was), Path(), claims)

    for scenario in library().values():
        assert again.not_applicable(scenario) == was.not_applicable(scenario), scenario.id
    assert again.styles == was.styles
