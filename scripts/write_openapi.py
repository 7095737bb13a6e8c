"""Write `web/openapi.json`, which the types of the page are generated from, and `web/src/api/defaults.ts`.

With `--stdout` the first is printed instead, with `--defaults` the second.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from inscape.studio.app import openapi

WEB = Path(__file__).resolve().parent.parent / "web"
PLACE, DEFAULTS = WEB / "openapi.json", WEB / "src" / "api" / "defaults.ts"
OFFERED = ("RuleChoices", "WorkState")
"""The messages besides requests whose defaults the page needs before the studio was asked anything."""


def described() -> str:
    """`openapi.json`: what the studio's server offers."""
    return json.dumps(openapi(), indent=1, sort_keys=True) + "\n"


def defaults() -> str:
    """`defaults.ts`: types alone do not say what a field is unless it is given."""
    schemas = openapi()["components"]["schemas"]
    names = [name for name in sorted(schemas) if name.endswith("Request") or name in OFFERED]
    objects = {name: _object(schemas[name].get("properties", {})) for name in names}
    rows = [f"  {name}: {fields},\n" for name, fields in objects.items() if fields != "{  }"]
    head = "/** What fields are unless given. Written by scripts/write_openapi.py. */\n"
    return f"{head}export const DEFAULTS = {{\n{''.join(rows)}}} as const;\n"


def _object(properties: dict[str, dict[str, Any]]) -> str:
    fields = [
        f"{name}: {json.dumps(field['default'])}"
        for name, field in properties.items()
        if "default" in field and not isinstance(field["default"], list)
    ]
    return f"{{ {', '.join(fields)} }}"


def main() -> int:
    """Write or print."""
    if "--stdout" in sys.argv[1:]:
        sys.stdout.write(described())
    elif "--defaults" in sys.argv[1:]:
        sys.stdout.write(defaults())
    else:
        PLACE.write_text(described())
        DEFAULTS.write_text(defaults())
    return 0


if __name__ == "__main__":
    sys.exit(main())
