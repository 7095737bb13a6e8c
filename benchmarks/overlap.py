# ruff: noqa: E402
"""CPU time of the unit-label overlap, thresholds included, against the plain reference implementation.

60 pictures, 512 units of 8x8, labels 64x64 with 17 labels present of 176, one thread, float32: the setting in
which davidbau/dissect takes 18 to 20 CPU-seconds. The reference is `tests/reference/overlap.py`: up-sample
everything, take the 1 % level of all values, gather the masks of every label.

    python benchmarks/overlap.py > overlap.json
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy and torch are imported

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from _options import asked

from inscape.statistics import overlap_at_top
from reference import overlap as reference

VOCABULARY = 176
FRACTION = 0.01


def activations_and_labels(pictures: int, units: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise of unit variance on 8x8, and patches of 17 labels in 3 planes on 64x64."""
    random = np.random.default_rng(seed)
    activations = random.standard_normal((pictures, units, 8, 8)).astype(np.float32)
    labels = np.zeros((pictures, 3, 64, 64), dtype=np.uint8)
    for picture in labels:
        for plane, (count, first) in enumerate(((7, 1), (6, 101), (4, 151))):
            last = (101, 151, VOCABULARY)[plane]
            chosen = random.choice(np.arange(first, last), count, replace=False)
            patches = chosen[random.integers(0, count, (16, 16))]
            patches.flat[random.choice(256, count, replace=False)] = chosen
            picture[plane] = patches.repeat(4, axis=0).repeat(4, axis=1)
    return torch.from_numpy(activations), torch.from_numpy(labels)


def cpu_seconds(work: Callable[[], object], repeats: int) -> tuple[list[float], Any]:
    """CPU time of this process for each run, and what the last one gave."""
    seconds, result = [], None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return seconds, result


def main() -> None:
    """Print one JSON document."""
    options = asked(
        __doc__,
        pictures=60,
        units=512,
        repeats=dict(default=7, help="runs of Inscape; the least disturbed counts"),
        reference_repeats=dict(default=2, help="runs of the reference; likewise"),
        seed=0,
    )
    torch.set_num_threads(1)
    activations, labels = activations_and_labels(options.pictures, options.units, options.seed)
    raw, maps = activations.numpy(), labels.numpy()
    overlap_at_top(raw[:2], maps[:2], vocabulary_size=VOCABULARY)  # imports and first calls
    ours, overlap = cpu_seconds(
        lambda: overlap_at_top(raw, maps, vocabulary_size=VOCABULARY, fraction=FRACTION), options.repeats
    )
    slow, (thresholds, iou) = cpu_seconds(
        lambda: reference.table_of_top(activations, labels, VOCABULARY, FRACTION), options.reference_repeats
    )
    own, plain = min(ours), min(slow)
    print(
        json.dumps(
            {
                "benchmark": "overlap",
                "pictures": options.pictures,
                "units": options.units,
                "labels_present_per_picture": float(np.mean([len(np.unique(one)) for one in maps])),
                "vocabulary": VOCABULARY,
                "cpu_seconds": round(own, 4),
                "cpu_seconds_all": [round(second, 4) for second in ours],
                "reference_cpu_seconds": round(plain, 3),
                "reference_cpu_seconds_all": [round(second, 3) for second in slow],
                "ratio": round(plain / own, 1),
                "largest_iou_difference": float(np.abs(overlap.iou() - iou.numpy()).max()),
                "largest_threshold_difference": float(np.abs(overlap.thresholds - thresholds.numpy()).max()),
                "bars": {"cpu_seconds": 0.35, "ratio": 40, "largest_iou_difference": 5e-4},
                "torch": torch.__version__,
                "numpy": np.__version__,
                "machine": platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
