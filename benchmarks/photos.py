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
from _options import asked
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
NEUTRAL = "sky,cloud,hill,grass,path,tree,wall,roof,spire,door"
"""The objects that are the best concept of some unit of `town`, with the ordinary number of units each:
taken without such a look."""
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


def parts_of(text: str) -> list[str]:
    """The parts that a text names."""
    parts = text.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return parts


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    options = asked(
        __doc__,
        part=dict(type=parts_of, default=list(PARTS), help=", ".join(PARTS)),
        out=dict(type=Path, help="a .jsonl file that is gone on with; nothing is kept without"),
        model="town",
        world="town",
        threads=dict(type=int, help="of the processor; as many as torch takes unless given"),
        scenes=50,
        churches=13,
        streets=20,
        average=dict(default=8, help="photos of each set begun at the mean latent too"),
        few=dict(default=16, help="photos for what is slow: the baselines, `after`"),
        seconds=dict(default=20.0, help="for each inversion"),
        after_seconds=dict(default=30.0, help="for each adaptation after an edit"),
        concepts=dict(default=CONCEPTS, help="with units of each; the default: %(default)s"),
        neutral=dict(default=NEUTRAL, help="other brushes, summed up apart: %(default)s"),
        composed=dict(default=2, help="edits of each photo composed at full size"),
        fitted_steps=400,
        fitted_rate=3e-3,
        latents=dict(default=2000, help="other pictures that should not move"),
        local=dict(default=12, help="photos whose adapted generator draws them"),
        local_rivals=6,
        seam_edits=dict(default=3, help="of each scene, for the classifier"),
        seam_steps=400,
        folds=4,
        timed=dict(default=5, help="photos for strokes"),
        strokes=dict(default=40, help="on each"),
    )
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
