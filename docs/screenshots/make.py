"""Take the pictures of docs/screenshots: `python docs/screenshots/make.py [FOLDER]` (needs chromium).

Plays the suite against three faulty endpoints, the reference, and the reference under a profile; opens each page at two
widths in both colour schemes, and writes every picture to FOLDER (a temporary one by default).  Those that README shows
are written beside this file.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from itertools import product
from pathlib import Path

HERE = Path(__file__).parent
TOKEN = "sk-demo-token"  # noqa: S105 - of an endpoint that lives for a minute
#: Name of a run -> the mutant that is served, and further options.
RUNS = {
    "late-delta": ("delta-follows-its-response", ()),
    "no-usage": ("usage-is-missing", ()),
    "no-commits": ("commits-are-not-acknowledged", ()),
    "reference": ("", ()),
    "profile": ("", ("--profile=anyone",)),
}
SIZES = {"wide": (1400, 1800), "phone": (390, 1500)}
#: Values of `prefers-color-scheme` in Chromium's engine.
SCHEMES = {"dark": 0, "light": 1}
#: What README shows.
KEPT = {("late-delta", "wide", "light"), ("late-delta", "wide", "dark")}


@contextmanager
def served(mutant: str):  # noqa: ANN201
    """Serve the reference endpoint, with a fault if one is named; yield its address."""
    fault = [f"--mutant={mutant}"] if mutant else []
    command = ["realtime-conformance", "serve", "--port=0", f"--token={TOKEN}", *fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def played(name: str, home: Path) -> Path:
    """Play the suite as a run of RUNS says, and return its page."""
    mutant, options = RUNS[name]
    reports = home / name
    with served(mutant) as url:
        command = ["pytest", "-q", "-p", "no:randomly", f"--endpoint={url}", "--model=gpt-realtime", "--examples=0"]
        subprocess.run(  # noqa: S603
            [*command, f"--reports={reports}", *options], cwd=home, env={**os.environ, "REALTIME_TOKEN": TOKEN},
            check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return reports / "index.html"


def taken(page: Path, picture: Path, size: str, scheme: str) -> None:
    """Open a page, and keep what is seen of it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("chromium is not installed")
    width, height = SIZES[size]
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]
    options += [f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", f"--screenshot={picture}"]
    subprocess.run([browser, *options, page.as_uri()], check=True, stderr=subprocess.DEVNULL)  # noqa: S603


def main(home: Path) -> None:
    """Take every picture, and keep some."""
    home.mkdir(parents=True, exist_ok=True)
    for name in RUNS:
        page = played(name, home)
        for size, scheme in product(SIZES, SCHEMES):
            picture = home / f"{name}-{size}-{scheme}.png"
            taken(page, picture, size, scheme)
            if (name, size, scheme) in KEPT:
                shutil.copy(picture, HERE / picture.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(tempfile.mkdtemp()))
