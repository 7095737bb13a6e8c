"""What worlds that are drawn on a canvas have in common: batches, hash, one canvas for each thread."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from typing import Generic, TypeVar

import numpy as np

from inscape.concepts import Vocabulary
from inscape.errors import ValueRangeError
from inscape.scenes.canvas import Canvas
from inscape.scenes.scene import Pixels

AnyCanvas = TypeVar("AnyCanvas", bound=Canvas)


class DrawnWorld(ABC, Generic[AnyCanvas]):
    """Base of the shipped worlds; see `World` for what each method gives.

    Args:
        canvas: Makes what a scene of some size is drawn on.
    """

    name: str
    vocabulary: Vocabulary

    def __init__(self, canvas: type[AnyCanvas]) -> None:
        self._kind = canvas
        self._local = threading.local()

    @abstractmethod
    def _draw(self, seed: int, rules: bool, picture: Pixels, labels: Pixels) -> None:
        """Draw the scene of a seed into the arrays."""

    def batch(self, seeds: Iterable[int], size: int = 64, rules: bool = True) -> tuple[Pixels, Pixels]:
        """Draw many scenes without their lists and captions: the fast way to training data.

        Returns:
            Pictures uint8 `[n, size, size, 3]` and labels uint8 `[n, plane, size, size]`.

        Raises:
            ValueRangeError: The size is out of range.
        """
        self._canvas(size)
        listed = list(seeds)
        pictures = np.empty((len(listed), size, size, 3), np.uint8)
        labels = np.empty((len(listed), len(self.vocabulary.planes), size, size), np.uint8)
        for index, seed in enumerate(listed):
            self._draw(seed, rules, pictures[index], labels[index])
        return pictures, labels

    def hash(self) -> str:
        """SHA-256 of the vocabulary and the labels of 64 scenes at 64 pixels, with rules and without."""
        return _hash(type(self))

    def _visible(self, labels: Pixels) -> set[str]:
        """Names of the objects with at least a few pixels."""
        counts = np.bincount(labels[0].ravel(), minlength=len(self.vocabulary))
        least = max(labels[0].size // 2048, 1)
        objects = self.vocabulary.in_plane("object")
        return {name for name in objects if counts[self.vocabulary.index(name)] >= least}

    def _canvas(self, size: int) -> AnyCanvas:
        if not 16 <= size <= 4096:
            raise ValueRangeError(
                f"A scene is 16 to 4096 pixels high and wide, got {size}.", "Use for instance 256."
            )
        canvas: AnyCanvas | None = getattr(self._local, "canvas", None)
        if canvas is None or canvas.size != size:
            canvas = self._local.canvas = self._kind(size, self.vocabulary)
        return canvas

    def __reduce__(self) -> tuple[type[DrawnWorld[AnyCanvas]], tuple[()]]:
        """A world travels between processes without its drawing surfaces."""
        return type(self), ()


@cache
def _hash(kind: type[DrawnWorld[Canvas]]) -> str:
    world = kind()  # type: ignore[call-arg]
    digest = hashlib.sha256(repr(world.vocabulary.to_json()).encode())
    for rules in (True, False):
        digest.update(world.batch(range(64), 64, rules)[1].tobytes())
    return digest.hexdigest()
