"""Fail when a generated file is stale; with `--write`, write them all again."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

from inscape.types import JsonObject

ROOT = Path(__file__).parent.parent
OFFERED = ("RuleChoices", "WorkState")
"""The messages besides requests whose defaults the page needs before the studio was asked anything."""


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


@cache
def described() -> JsonObject:
    """What the studio's server offers."""
    from inscape.studio.app import openapi

    return openapi()


def defaults() -> str:
    """`defaults.ts`: types alone do not say what a field is unless it is given."""
    schemas = described()["components"]["schemas"]
    names = [name for name in sorted(schemas) if name.endswith("Request") or name in OFFERED]
    objects = {name: _object(schemas[name].get("properties", {})) for name in names}
    rows = [f"  {name}: {fields},\n" for name, fields in objects.items() if fields != "{  }"]
    head = "/** What fields are unless given. Written by scripts/check_generated.py. */\n"
    return f"{head}export const DEFAULTS = {{\n{''.join(rows)}}} as const;\n"


def _object(properties: dict[str, JsonObject]) -> str:
    fields = [
        f"{name}: {json.dumps(field['default'])}"
        for name, field in properties.items()
        if "default" in field and not isinstance(field["default"], list)
    ]
    return f"{{ {', '.join(fields)} }}"


def main() -> int:
    """Compare or write."""
    pages = {
        ROOT / "docs" / "cli.md": command_line_page,
        ROOT / "web" / "openapi.json": lambda: json.dumps(described(), indent=1, sort_keys=True) + "\n",
        ROOT / "web" / "src" / "api" / "defaults.ts": defaults,
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
