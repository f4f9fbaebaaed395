import pytest

from conformance.errors import SchemaError
from conformance.resources import folder


@pytest.mark.parametrize("name", ["schemas", "scenarios", "fixtures"])
def test_every_data_folder_is_found(name):
    assert folder(name).is_dir()


def test_a_folder_that_is_nowhere_is_told_with_a_cure():
    with pytest.raises(SchemaError, match="Reinstall"):
        folder("nowhere")
