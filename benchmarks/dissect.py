"""A whole dissection against the bare forward passes that it cannot do without.

    .venv/bin/python benchmarks/dissect.py --images 2000
    .venv/bin/python benchmarks/dissect.py --images 200 --no-memory

Generator and segmenter are timed from outside, batch by batch, before and after the dissection in the
same process; the page and its thumbnails are left out of the dissection's time. CPU time counts, wall time
is given beside it. The resident memory of the process is measured at a quarter of the pictures and at all of
them, each in a process of its own. Prints one JSON document; the bar is a ratio of at most 1.15 at 200 and
2000 pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _options import asked

import inscape
from inscape.memory import keep_freed_memory
from inscape.segmenters.segmenter import Segmenter
from inscape.types import JsonObject

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BATCH = 32


def bare(model: inscape.Generator, segmenter: Segmenter, images: int) -> tuple[float, float]:
    """CPU and wall seconds of drawing and labelling pictures, nothing kept."""
    cpu, wall = time.process_time(), time.perf_counter()
    for first in range(0, images, BATCH):
        seeds = range(first, min(first + BATCH, images))
        segmenter.segment(model.images(model.to_w(model.latents(seeds))))
    return time.process_time() - cpu, time.perf_counter() - wall


def measure(name: str, layer: str | None, images: int) -> JsonObject:
    """A dissection in this process, half of the bare passes before and half after it."""
    import torch

    from inscape import segmenters
    from inscape.dissection import Thumbnails, dissect
    from inscape.models import Generator, open_model

    model = open_model(name, device="cpu")
    assert isinstance(model, Generator) and model.card.segmenter is not None
    segmenter = segmenters.open(model.card.segmenter, device="cpu")
    bare(model, segmenter, BATCH)
    before = bare(model, segmenter, images // 2)
    clock = _PageClock()
    with tempfile.TemporaryDirectory() as cache:
        cpu, wall = time.process_time(), time.perf_counter()
        report = dissect(
            model,
            layer,
            images,
            segmenter=segmenter,
            progress=clock,
            cache=Path(cache),
            top=Thumbnails(1, 32),
        )
        cpu, wall = time.process_time() - cpu - clock.cpu, time.perf_counter() - wall - clock.wall
    after = bare(model, segmenter, images - images // 2)
    passes = before[0] + after[0], before[1] + after[1]
    return {
        "images": images,
        "layer": report.layer,
        "threads": torch.get_num_threads(),
        "bare": {"cpu_seconds": passes[0], "seconds": passes[1]},
        "dissection": {"cpu_seconds": cpu, "seconds": wall, "parts": report.seconds},
        "ratio": cpu / passes[0],
        "ratio_wall": wall / passes[1],
    }


class _PageClock:
    """Progress that times the drawing of thumbnails, which belongs to the page."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def task(self, name: str, total: int | None = None, unit: str = "") -> _PageTask:
        """Open a task; only that of the thumbnails is timed."""
        return _PageTask(self if name.startswith("Drawing") else None)


class _PageTask:
    def __init__(self, clock: _PageClock | None) -> None:
        self._clock = clock

    def __enter__(self) -> _PageTask:
        self._started = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        if self._clock is not None:
            self._clock.cpu += time.process_time() - self._started[0]
            self._clock.wall += time.perf_counter() - self._started[1]

    def advance(self, count: int = 1) -> None:
        """Nothing to show."""


def memory(name: str, layer: str | None, images: int) -> JsonObject:
    """Peak resident memory of one dissection, in megabytes; run in a process of its own."""
    from inscape.dissection import Thumbnails, dissect
    from inscape.models import Generator, open_model

    model = open_model(name, device="cpu")
    assert isinstance(model, Generator)
    with tempfile.TemporaryDirectory() as cache:
        dissect(model, layer, BATCH, cache=Path(cache), top=Thumbnails(1, 32))
        warm = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        dissect(model, layer, images, cache=Path(cache), top=Thumbnails(1, 32))
    return {
        "images": images,
        "warm_mb": warm,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Run the benchmark."""
    keep_freed_memory()  # as the command line does
    arguments = asked(
        __doc__,
        model="town",
        layer=None,
        images=2000,
        no_memory=dict(action="store_true", help="leave the two memory runs out"),
        memory_of=dict(type=int, help=argparse.SUPPRESS),
    )
    if arguments.memory_of:
        print(json.dumps(memory(arguments.model, arguments.layer, arguments.memory_of)))
        return
    document: JsonObject = {"benchmark": "dissect", "bar": 1.15}
    if not arguments.no_memory:
        extra = ["--model", arguments.model, *(["--layer", arguments.layer] if arguments.layer else [])]
        runs = []
        for images in (arguments.images // 4, arguments.images):
            command = [sys.executable, __file__, "--memory-of", str(images), *extra]
            runs.append(
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            )
        document["memory"] = {"runs": runs, "growth": runs[1]["peak_mb"] / runs[0]["peak_mb"]}
    document |= measure(arguments.model, arguments.layer, arguments.images)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
