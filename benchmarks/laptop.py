"""What inverting a photo and dissecting 512 units cost on a generator of 256 pixels.

    .venv/bin/python benchmarks/laptop.py

The generator has the sizes of StyleGAN2 on LSUN church and random weights. Prints one JSON document. Bars: an
inversion peaks below 3 GB of resident memory; a dissection of 512 units on 100 pictures below 2 GB, and takes
at most 1.15 times the processor time of its bare forward passes, of model and segmenter. Each is measured in
a process of its own; so is the memory of the dissection, without the bare passes. Memory of an inversion
peaks in the first steps of each stage, so that few steps tell it.
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


def dissecting(images: int, alone: bool) -> JsonObject:
    """A dissection of the default layer: its memory alone, or its time between two halves of its passes."""
    from inscape import segmenters
    from inscape.dissection import Thumbnails, dissect

    model, segmenter = network_of_256("stylegan2"), segmenters.open("town-segmenter", device="cpu")
    if alone:
        with tempfile.TemporaryDirectory() as cache:
            dissect(model, None, images, segmenter=segmenter, cache=Path(cache), top=Thumbnails(1, 32))
        return {"peak_mb": peak_mb()}

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
    }


def main() -> None:
    """Run the benchmark."""
    arguments = asked(
        __doc__,
        images=100,
        steps=2,
        only=dict(choices=["invert", "dissect", "memory"], help=argparse.SUPPRESS),
    )
    if arguments.only:
        keep_freed_memory()  # as the command line does
        done = (
            inverting(arguments.steps)
            if arguments.only == "invert"
            else dissecting(arguments.images, alone=arguments.only == "memory")
        )
        print(json.dumps(done))
        return
    found: dict[str, JsonObject] = {}
    for work in ("invert", "dissect", "memory"):
        options = ["--only", work, "--images", str(arguments.images), "--steps", str(arguments.steps)]
        run = [sys.executable, __file__, *options]
        found[work] = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    document: JsonObject = {
        "benchmark": "laptop",
        "bars": {"invert_mb": 3072, "dissect_mb": 2048, "ratio": 1.15},
        "invert": found["invert"],
        "dissect": found["dissect"] | found["memory"],
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
