from pathlib import Path

import pytest

from conformance.errors import SchemaError
from conformance.resources import folder


@pytest.mark.parametrize("name", ["schemas", "scenarios", "fixtures", "samples"])
def test_every_data_folder_is_found(name):
    assert folder(name).is_dir()


def test_the_samples_of_the_rules_lie_with_their_tests_in_a_checkout():
    assert folder("samples") == Path(__file__).parent / "rules" / "samples"


def test_a_folder_that_is_nowhere_is_told_with_a_cure():
    with pytest.raises(SchemaError, match="Reinstall"):
        folder("nowhere")
