"""Fail when a generated file is stale; with `--write`, write them all again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def command_line_page() -> str:
    """`docs/cli.md`: the help of every verb."""
    import os

    os.environ.update(COLUMNS="100", TERM="dumb", NO_COLOR="1")
    from typer.testing import CliRunner

    from inscape.cli.main import VERBS, app

    runner = CliRunner()
    parts = ["# The command line\n\nWritten by `scripts/check_generated.py --write`.\n"]
    for verb in VERBS:
        text = runner.invoke(
            app, [*verb.split(), "--help"], prog_name="inscape", env={"COLUMNS": "100"}
        ).stdout
        parts.append(f"## `inscape {verb}`\n\n```text\n{text.strip()}\n```\n")
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


def of_the_studio(option: str) -> str:
    """What `scripts/write_openapi.py` prints with an option."""
    script = ROOT / "scripts" / "write_openapi.py"
    return subprocess.run(
        [sys.executable, str(script), option], check=True, capture_output=True, text=True
    ).stdout


def main() -> int:
    """Compare or write."""
    pages = {
        ROOT / "docs" / "cli.md": command_line_page,
        ROOT / "web" / "openapi.json": lambda: of_the_studio("--stdout"),
        ROOT / "web" / "src" / "api" / "defaults.ts": lambda: of_the_studio("--defaults"),
    }
    stale = []
    for path, make in pages.items():
        text = make()
        if "--write" in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"stale: {', '.join(stale)}; run scripts/check_generated.py --write", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
