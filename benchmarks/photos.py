"""How well photos are inverted, painted on and left alone, beside other ways; one JSON document.

    python benchmarks/photos.py --out build/photos.jsonl
    python benchmarks/photos.py --part reconstruction,edits --scenes 10

The photos are rendered scenes that no training has seen; where the variable INSCAPE_TEST_DATA names a folder
that has them, 13 photographs of churches (`photos/churches`) and 20 street frames (`streets/test`) too.

What was measured is written to --out line by line, and what was found (inversions, changed generators) beside
it; the same command goes on where it was stopped. Seconds are only worth something on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from photo_parts import edits, reconstruction, rivals, seam, timing
from photo_parts.figures import rounded
from photo_parts.locality import Locality
from photo_parts.photo_sets import few, subjects
from photo_parts.work import Work

from inscape import storage
from inscape.types import JsonObject

CONCEPTS = "tree:20,door:60,sign:60,cloud:60,sky:60,person:20"
"""Brushes chosen after a look at what they do: those that draw best in random boxes of the generator's own
pictures. Their figures say how much of a stroke that works survives, not how often a stroke works."""
NEUTRAL = "door:20,tree:20,window:20,roof:20,grass:20,car:20"
"""Brushes of the ordinary size, taken without such a look."""
PARTS = ("reconstruction", "baselines", "edits", "leak", "locality", "seam", "time")


def measure(options: argparse.Namespace, out: Path) -> JsonObject:
    """Every part that was asked for."""
    photos = subjects(options)
    chosen = few(photos, options.few)
    work = Work(options, out)
    parts: dict[str, Callable[[], JsonObject]] = {
        "reconstruction": lambda: reconstruction.run(work, photos),
        "baselines": lambda: rivals.run(work, chosen),
        "edits": lambda: edits.run(work, photos, chosen),
        "leak": lambda: edits.outside(work, photos),
        "locality": lambda: Locality(work).run(few(photos, options.local), chosen[: options.local_rivals]),
        "seam": lambda: seam.run(work, photos, chosen),
        "time": lambda: timing.run(work, photos, few(photos, options.timed)),
    }
    document: JsonObject = {
        "benchmark": "photos",
        "model": options.model,
        "layer": work.layer,
        "photos": [each.key for each in photos],
        "few": [each.key for each in chosen],
        "options": {name: str(value) for name, value in vars(options).items() if name != "out"},
    }
    for name in PARTS:
        if name in options.part:
            document[name] = parts[name]()
    return document


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--part", type=lambda text: text.split(","), default=list(PARTS), help=", ".join(PARTS)
    )
    parser.add_argument(
        "--out", type=Path, help="a .jsonl file that is gone on with; nothing is kept without"
    )
    parser.add_argument("--model", default="town")
    parser.add_argument("--world", default="town")
    parser.add_argument("--threads", type=int, help="of the processor; as many as torch takes unless given")
    sizes = parser.add_argument_group("sizes")
    sizes.add_argument("--scenes", type=int, default=50)
    sizes.add_argument("--churches", type=int, default=13)
    sizes.add_argument("--streets", type=int, default=20)
    sizes.add_argument(
        "--average", type=int, default=8, help="photos of each set begun at the mean latent too"
    )
    sizes.add_argument("--few", type=int, default=16, help="photos for what is slow: the baselines, `after`")
    sizes.add_argument("--seconds", type=float, default=20.0, help="for each inversion")
    sizes.add_argument("--after-seconds", type=float, default=30.0, help="for each adaptation after an edit")
    sizes.add_argument("--concepts", default=CONCEPTS, help="with units of each; the default: %(default)s")
    sizes.add_argument("--neutral", default=NEUTRAL, help="other brushes, summed up apart: %(default)s")
    sizes.add_argument("--composed", type=int, default=2, help="edits of each photo composed at full size")
    sizes.add_argument("--fitted-steps", type=int, default=400)
    sizes.add_argument("--fitted-rate", type=float, default=3e-3)
    sizes.add_argument("--latents", type=int, default=2000, help="other pictures that should not move")
    sizes.add_argument("--local", type=int, default=12, help="photos whose adapted generator draws them")
    sizes.add_argument("--local-rivals", type=int, default=6)
    sizes.add_argument("--seam-edits", type=int, default=3, help="of each scene, for the classifier")
    sizes.add_argument("--seam-steps", type=int, default=400)
    sizes.add_argument("--folds", type=int, default=4)
    sizes.add_argument("--timed", type=int, default=5, help="photos for strokes")
    sizes.add_argument("--strokes", type=int, default=40, help="on each")
    options = parser.parse_args()
    if unknown := sorted(set(options.part) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return options


def main() -> None:
    """Run what was asked for."""
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder) / "photos.jsonl"
        document = rounded(measure(options, out))
    text = json.dumps(document, indent=1)
    if options.out:
        storage.write_bytes(options.out.with_suffix(".json"), text.encode())
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
