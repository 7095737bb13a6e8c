"""Write `web/openapi.json`, which the page's TypeScript types are generated from.

With `--check`, nothing is written: the exit code says whether the file is up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from inscape.studio.app import openapi

PLACE = Path(__file__).resolve().parent.parent / "web" / "openapi.json"


def main() -> int:
    """Write or check the file."""
    text = json.dumps(openapi(), indent=1, sort_keys=True) + "\n"
    if "--check" in sys.argv[1:]:
        if PLACE.is_file() and PLACE.read_text() == text:
            return 0
        sys.stderr.write("web/openapi.json is stale: run scripts/write_openapi.py.\n")
        return 1
    PLACE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
