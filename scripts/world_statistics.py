"""Print what a world's scenes are like, as JSON: presence of concepts, watermarks, nearest pair, speed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inscape.scenes import world

_BLOCK = 256


def thumbnails(pictures: NDArray[np.uint8], side: int = 16) -> NDArray[np.float32]:
    """Box averages, float32 `[n, side * side * 3]`, 0 to 255."""
    count, height = pictures.shape[:2]
    step = height // side
    boxes = pictures.reshape(count, side, step, side, step, 3).astype(np.float32)
    return boxes.mean((2, 4)).reshape(count, -1)


def nearest_pair(vectors: NDArray[np.float32], block: int = 1000) -> tuple[float, tuple[int, int]]:
    """The smallest root mean square difference between two rows, and which they are, by blocks."""
    values = vectors.astype(np.float64)
    norms = (values**2).sum(1)
    best, pair = np.inf, (0, 0)
    for start in range(0, len(values), block):
        rows = values[start : start + block]
        squares = norms[start : start + block, None] + norms[None] - 2.0 * rows @ values.T
        squares[np.arange(len(rows)), start + np.arange(len(rows))] = np.inf
        flat = int(squares.argmin())
        row, column = divmod(flat, len(values))
        if squares[row, column] < best:
            best, pair = float(squares[row, column]), (start + row, column)
    return float(np.sqrt(max(best, 0.0) / values.shape[1])), pair


def survey(name: str, count: int, rules: bool) -> dict[str, Any]:
    """Draw `count` scenes at 64 pixels and count what they show."""
    place = world(name)
    vocabulary = place.vocabulary
    present = np.zeros(len(vocabulary), np.int64)
    pixels = np.zeros(len(vocabulary), np.int64)
    marks = {"both": 0, "banner": 0, "lettering": 0} if "banner" in vocabulary.names else {}
    thumbs, exceptions = [], 0
    for start in range(0, count, _BLOCK):
        seeds = range(start, min(start + _BLOCK, count))
        try:
            pictures, labels = place.batch(seeds, 64, rules)
        except Exception as error:
            exceptions += 1
            sys.stderr.write(f"{seeds}: {error!r}\n")
            continue
        thumbs.append(thumbnails(pictures))
        for planes in labels:
            counts = np.bincount(planes.ravel(), minlength=len(vocabulary))
            counts[0] = 0
            pixels += counts
            present += counts >= 4
            if not marks:
                continue
            banner, lettering = (counts[vocabulary.index(mark)] > 0 for mark in ("banner", "lettering"))
            if banner or lettering:
                marks["both" if banner and lettering else "banner" if banner else "lettering"] += 1
    rms, pair = nearest_pair(np.concatenate(thumbs))
    return {
        "scenes": count,
        "rules": rules,
        "blocks_with_exceptions": exceptions,
        "present": {c: round(present[vocabulary.index(c)] / count, 4) for c in vocabulary.names},
        "area": {c: round(float(pixels[vocabulary.index(c)]) / count / 4096, 5) for c in vocabulary.names},
        "watermark": {"any": sum(marks.values()) / count, **{k: v / count for k, v in marks.items()}},
        "nearest_pair_rms": rms,
        "nearest_pair": pair,
    }


def milliseconds(name: str, size: int, count: int = 100) -> float:
    """How long one scene takes in processor time, the least of several runs."""
    place = world(name)
    place.batch(range(10), size)
    runs = []
    for run in range(5):
        start = time.process_time()
        place.batch(range(run * count, (run + 1) * count), size)
        runs.append((time.process_time() - start) / count * 1000)
    return min(runs)


def main() -> None:
    """Read the arguments, survey, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", nargs="?", default="town")
    parser.add_argument("--count", type=int, default=10_000)
    arguments = parser.parse_args()
    figures = {
        "hash": world(arguments.world).hash(),
        "milliseconds": {str(size): round(milliseconds(arguments.world, size), 3) for size in (64, 128, 256)},
        "with_rules": survey(arguments.world, arguments.count, True),
        "without_rules": survey(arguments.world, max(arguments.count // 10, 100), False),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
