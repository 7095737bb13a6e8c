"""What inverting a photo and dissecting 512 units cost on a generator of 256 pixels.

    .venv/bin/python benchmarks/laptop.py

The generator has the sizes of StyleGAN2 on LSUN church and random weights. Prints one JSON document. Bars: an
inversion peaks below 3 GB of resident memory; a dissection of 512 units on 100 pictures below 2 GB, and takes
at most 1.15 times the processor time of its bare forward passes, of model and segmenter. Both run in
processes of their own. Memory peaks in the first steps of each stage, so that few steps tell it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _options import asked
from checkpoints import network_of_256

from inscape.memory import keep_freed_memory
from inscape.types import JsonObject

BATCH = 8


def peak_mb() -> float:
    """The most memory that this process has held; getrusage would count what the parent held at the fork."""
    with Path("/proc/self/status").open() as stream:
        return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM")) / 1024


def inverting(steps: int) -> JsonObject:
    """A few steps of every stage of an inversion."""
    import numpy as np

    import inscape
    from inscape.photos import AdaptationSettings, InversionSettings, SearchSettings
    from inscape.sources import Fit, Photo

    settings = InversionSettings(
        search=SearchSettings(latent_steps=steps, feature_steps=steps),
        adaptation=AdaptationSettings(weight_steps=steps, gain_steps=steps),
    )
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    started = time.process_time()
    inscape.invert(
        network_of_256("stylegan2"), Photo(pixels, Fit(0, 0, 256, 256)), seconds=86_400.0, settings=settings
    )
    return {"steps": steps, "cpu_seconds": time.process_time() - started, "peak_mb": peak_mb()}


def dissecting(images: int) -> JsonObject:
    """A dissection of the default layer, half of its bare passes before and half after it."""
    from inscape import segmenters
    from inscape.dissection import Thumbnails, dissect

    model, segmenter = network_of_256("stylegan2"), segmenters.open("town-segmenter", device="cpu")

    def bare(count: int) -> float:
        started = time.process_time()
        for first in range(0, count, BATCH):
            seeds = range(first, min(first + BATCH, count))
            segmenter.segment(model.images(model.to_w(model.latents(seeds))))
        return time.process_time() - started

    before = bare(images // 2)
    with tempfile.TemporaryDirectory() as cache:
        started = time.process_time()
        report = dissect(model, None, images, segmenter=segmenter, cache=Path(cache), top=Thumbnails(1, 32))
        spent = time.process_time() - started
    passes = before + bare(images - images // 2)
    return {
        "images": images,
        "layer": report.layer,
        "units": len(report.findings),
        "bare_cpu_seconds": passes,
        "cpu_seconds": spent,
        "parts": report.seconds,
        "ratio": spent / passes,
        "peak_mb": peak_mb(),
    }


def main() -> None:
    """Run the benchmark."""
    arguments = asked(
        __doc__, images=100, steps=2, only=dict(choices=["invert", "dissect"], help=argparse.SUPPRESS)
    )
    if arguments.only:
        keep_freed_memory()  # as the command line does
        done = inverting(arguments.steps) if arguments.only == "invert" else dissecting(arguments.images)
        print(json.dumps(done))
        return
    bars = {"invert_mb": 3072, "dissect_mb": 2048, "ratio": 1.15}
    document: JsonObject = {"benchmark": "laptop", "bars": bars}
    for work in ("invert", "dissect"):
        options = ["--only", work, "--images", str(arguments.images), "--steps", str(arguments.steps)]
        run = [sys.executable, __file__, *options]
        document[work] = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
