"""What pip installs: the wheel is built and opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest

from conformance.contract.schemas import BASE
from conformance.rules import RULES

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel of this checkout, built in place without isolation and without network."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    target = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = target.glob("*.whl")
    return ZipFile(path)


def test_the_wheel_holds_every_schema(wheel: ZipFile) -> None:
    inside = {
        name.removeprefix("conformance/data/schemas/"): name
        for name in wheel.namelist()
        if name.startswith("conformance/data/schemas/")
    }
    files = {
        path.relative_to(ROOT / "schemas").as_posix()
        for path in (ROOT / "schemas").rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }
    assert files == set(inside)
    events = [name for name in files if name.split("/")[0] in ("ga", "beta") and "/objects/" not in name]
    assert events
    for name in events:
        assert orjson.loads(wheel.read(inside[name]))["$id"] == BASE + name


def test_the_wheel_holds_the_samples_of_every_rule(wheel: ZipFile) -> None:
    inside = {name for name in wheel.namelist() if name.startswith("conformance/data/fixtures/rules/")}

    assert {f"conformance/data/fixtures/rules/{rule_id}/samples.yaml" for rule_id in RULES} <= inside


def test_the_schemas_load_from_the_wheel_alone(wheel: ZipFile, tmp_path: Path) -> None:
    """Installed, the package finds its schemas without the checkout; a missing folder is one clear error."""
    wheel.extractall(tmp_path)
    program = "from conformance.contract.schemas import schemas_for; print(*schemas_for('ga').types('server'))"

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert "response.done" in run().stdout.split()
    shutil.rmtree(tmp_path / "conformance" / "data" / "schemas")
    assert "SchemaError: the data folder 'schemas' is neither in" in run().stderr
