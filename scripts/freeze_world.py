"""Freeze a world before anything is trained on it: `python scripts/freeze_world.py room`.

Writes the hashes of its label planes and some pictures to `tests/scenes/data`, where tests compare. Models
that were trained on a world no longer fit once it is frozen anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from inscape.scenes import world

DATA = Path(__file__).parent.parent / "tests" / "scenes" / "data"
COUNTS = {"rules": 300, "no_rules": 100}
PICTURES = 16


def freeze(name: str) -> None:
    """Write `NAME_labels.json` and `NAME_pixels.npz`."""
    place = world(name)
    document: dict[str, object] = {"hash": place.hash()}
    pixels = {}
    for kind, count in COUNTS.items():
        pictures, labels = place.batch(range(count), 64, kind == "rules")
        document[kind] = [hashlib.sha256(one.tobytes()).hexdigest()[:12] for one in labels]
        pixels[kind] = pictures[:PICTURES]
    (DATA / f"{name}_labels.json").write_text(json.dumps(document, indent=0) + "\n")
    np.savez_compressed(DATA / f"{name}_pixels.npz", allow_pickle=False, **pixels)


if __name__ == "__main__":
    for each in sys.argv[1:]:
        freeze(each)
