from pathlib import Path

import conformance.rules
from conformance.rules import RULES

SOURCE = "".join(path.read_text(encoding="utf-8") for path in Path(conformance.rules.__file__).parent.rglob("*.py"))


def test_a_search_for_the_id_that_a_user_saw_finds_the_rule():
    assert [rule_id for rule_id in RULES if f'"{rule_id}"' not in SOURCE] == []
