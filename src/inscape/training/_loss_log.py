"""A training's numbers as lines of JSON, one every so many pictures."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from inscape import storage
from inscape.types import JsonObject

_IMAGES = 1000


def kept_lines(path: Path, images: int) -> list[JsonObject]:
    """Lines of an earlier run, without those after its last checkpoint, which had seen `images` pictures."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if line["images"] <= images]


def write_lines(path: Path, lines: list[JsonObject]) -> None:
    """Write lines of JSON, whole or not at all."""
    storage.write_text(path, "".join(json.dumps(line) + "\n" for line in lines))


class LossLog:
    """Means of the losses over every thousand pictures.

    Args:
        path: Of the file, which an earlier run may have begun.
        images: Pictures seen so far.
    """

    def __init__(self, path: Path, images: int) -> None:
        self._path = path
        self.lines = kept_lines(path, images)
        self._sums: dict[str, list[float]] = defaultdict(list)
        self._logged = images // _IMAGES

    def add(self, numbers: dict[str, float], *, images: int, seconds: float) -> None:
        """Remember the losses of a step; their means make a line every thousand pictures.

        Args:
            numbers: By name.
            images: Pictures seen, with those of this step.
            seconds: Time spent training.
        """
        for name, value in numbers.items():
            self._sums[name].append(value)
        if images // _IMAGES > self._logged:
            self.end_line(images=images, seconds=seconds)

    def end_line(self, *, images: int, seconds: float) -> None:
        """Make a line of what was remembered since the last one."""
        self._logged = images // _IMAGES
        if self._sums:
            line: JsonObject = {"images": images, "seconds": round(seconds, 1)}
            line |= {name: round(float(np.mean(values)), 5) for name, values in self._sums.items()}
            self.lines.append(line)
            self._sums.clear()

    def write(self) -> None:
        """Write all lines."""
        write_lines(self._path, self.lines)
