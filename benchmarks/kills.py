"""A training that is killed again and again, beside one that is left alone.

    python benchmarks/kills.py --kills 20

Trains a small generator on scenes of the world `town`, from 16 to 32 px, kills the process at random
moments, and goes on each time. Prints one JSON document: what each kill left, and whether the weights in the
end are those of the training that nobody killed, bit for bit.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import torch
from _options import asked

from inscape import storage
from inscape.training._machine import KEPT
from inscape.training.gan import GanOptions, train_gan
from inscape.training.recipes import GanRecipe, Stage
from inscape.types import JsonObject

SAVE_SECONDS = 0.5
RECIPE = GanRecipe(
    "town",
    "town",
    (Stage(16, until=400), Stage(32)),
    scenes=300,
    z_dim=8,
    w_dim=8,
    mapping_layers=2,
    channels={4: 8, 8: 8, 16: 8, 32: 8},
    level_channels=(8, 8, 8, 8),
    batch=8,
)


def train(out: Path, images: int) -> None:
    """Train the small generator, or go on."""
    options = GanOptions(images=images, sample_every=0, measure_every=0, save_seconds=SAVE_SECONDS)
    train_gan(RECIPE, out, 60, options=options, device="cpu")


def seen(out: Path) -> int:
    """Pictures that the saved state has seen."""
    path = out / "checkpoint.safetensors"
    return json.loads(storage.load_tensors(path)[1]["counters"])["images"] if path.exists() else 0


def start(out: Path, images: int) -> subprocess.Popen[bytes]:
    """The same training in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, "--train", str(out), "--images", str(images)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed(out: Path, images: int, kills: int, chance: random.Random) -> list[JsonObject]:
    """Train with kills at random moments, and say what each left.

    A quarter of them comes within four seconds of the start, while scenes are drawn or a state is read. The
    others come up to three seconds after the first state that the process has saved: between steps, or while
    a state is written. How fast the machine is changes only how many pictures that makes.
    """
    found = []
    for _ in range(kills):
        before, process = seen(out), start(out, images)
        early = chance.random() < 0.25
        while not early and process.poll() is None and seen(out) == before:
            time.sleep(0.05)
        wait = chance.uniform(0.0, 4.0 if early else 3.0)
        with suppress(subprocess.TimeoutExpired):
            process.wait(wait)
            break  # it reached its end: nothing is left to kill
        process.kill()
        process.wait()
        found.append({"early": early, "seconds": round(wait, 2), "before": before, "after": seen(out)})
    while seen(out) < images:
        assert start(out, images).wait() == 0
    return found


def equal(one: Path, other: Path) -> bool:
    """Whether two trainings left the same tensors."""
    first, second = (storage.load_tensors(out / "checkpoint.safetensors")[0] for out in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def main() -> None:
    """Measure and print."""
    options = asked(
        __doc__,
        kills=20,
        images=10_000,
        seed=0,
        train=dict(type=Path, help=argparse.SUPPRESS),
    )
    if options.train is not None:
        train(options.train, options.images)
        return
    with tempfile.TemporaryDirectory() as folder:
        whole, parts = Path(folder, "whole"), Path(folder, "parts")
        found = killed(parts, options.images, options.kills, random.Random(options.seed))
        whole.mkdir()
        shutil.copy(parts / KEPT, whole)  # how a step is taken belongs to a run: sums depend on it
        train(whole, options.images)
        report = {
            "kills": len(found),
            "saving_interval_seconds": SAVE_SECONDS,
            "went_back": sum(kill["after"] < kill["before"] for kill in found),
            "progressed": sum(kill["after"] > kill["before"] for kill in found),
            "same_weights": equal(whole, parts),
            "each": found,
        }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
