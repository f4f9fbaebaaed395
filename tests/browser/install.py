"""Install what pip cannot: `python tests/browser/install.py FOLDER` (tox -e browser does)."""

import subprocess
import sys
from pathlib import Path

#: The interface of its configuration moves from month to month.
ALLURE = "allure@3.18.0"


def main(folder):
    """Install Allure 3 into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(["npm", "install", *quiet, "--prefix", folder, ALLURE], check=True)


main(Path(sys.argv[1]))
