"""Write `web/openapi.json`, which the page's TypeScript types are generated from.

With `--stdout` it is printed instead.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from inscape.studio.app import openapi

PLACE = Path(__file__).resolve().parent.parent / "web" / "openapi.json"


def main() -> int:
    """Write or print."""
    text = json.dumps(openapi(), indent=1, sort_keys=True) + "\n"
    if "--stdout" in sys.argv[1:]:
        sys.stdout.write(text)
        return 0
    PLACE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
