"""The layers above a brush, run so that a local change of their input needs only a part of them again.

A convolution, a filter or a nearest-neighbour doubling looks a few cells far. A change of some cells of its
input therefore changes a rectangle of its output, and that rectangle needs no more of the input than a crop
a little larger. The layer runs on the crop as it is: at the picture's border the zeros that it pads with are
right, at the crop's other sides they spoil what lies within its reach, which is thrown away. Everything
outside comes from the outputs that were kept.

What is drawn so agrees with a full pass up to rounding, for a convolution may add in another order when its
input has another size. The differences do not add up from stroke to stroke: every value that is kept was made
of values one layer below that are as good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A rectangle of cells; `bottom` and `right` are the first row and column that are not in it."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def whole(cls, maps: Tensor) -> Window:
        """All cells of maps `[batch, channel, height, width]`."""
        return cls(0, 0, maps.shape[2], maps.shape[3])

    @classmethod
    def of_change(cls, before: Tensor, after: Tensor) -> Window | None:
        """The smallest rectangle with every cell in which two maps differ; None where they are equal."""
        differs = (before != after).any(1).any(0)
        rows, columns = differs.any(1).nonzero(), differs.any(0).nonzero()
        if not len(rows):
            return None
        return cls(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)

    @property
    def area(self) -> int:
        """How many cells it has."""
        return (self.bottom - self.top) * (self.right - self.left)

    def grown(self, cells: int) -> Window:
        """With that many cells more on every side."""
        return Window(self.top - cells, self.left - cells, self.bottom + cells, self.right + cells)

    def finer(self, scale: int) -> Window:
        """The same part of the picture on a grid with `scale` times as many rows and columns."""
        return Window(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale)

    def coarser(self, scale: int) -> Window:
        """The smallest window that covers it on a grid with `scale` times fewer rows and columns."""
        return Window(
            self.top // scale, self.left // scale, -(-self.bottom // scale), -(-self.right // scale)
        )

    def joined(self, other: Window) -> Window:
        """The smallest window with both."""
        return Window(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def within(self, other: Window) -> Window:
        """The part of it that lies in another one."""
        return Window(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def seen_from(self, other: Window) -> Window:
        """Itself, counted from the first cell of another window."""
        return Window(
            self.top - other.top, self.left - other.left, self.bottom - other.top, self.right - other.left
        )

    def of(self, maps: Tensor) -> Tensor:
        """The cells of maps that lie in it; a view."""
        return maps[..., self.top : self.bottom, self.left : self.right]


Run = Callable[[Tensor, Window | None], Tensor]


@dataclass(frozen=True)
class Branch:
    """One input of a stage, and what is made of it.

    Attributes:
        source: Number of the map that goes in: the inputs of the tail come first, then its stages.
        run: From a window of that map to the same part of the picture in the output, which may be finer; it
            is told where that lies in the whole output, and None where it is given the whole map.
        reach: Number of further cells of the output that change with one cell of the input, on each side.
    """

    source: int
    run: Run
    reach: int


Stage = Sequence[Branch]
"""A step of a tail: its output is the sum of its branches."""


class Tail:
    """The layers above a brush, and the output of each for the picture drawn last.

    It is drawn when it is made, by the same operations in the same order as a full pass. Where drawing it
    again fails halfway, what is kept is no longer of one picture: throw it away.

    Args:
        inputs: Maps that the stages start from; the first are the features that change.
        stages: In the order in which they run; the output of the last is the picture.
    """

    @torch.inference_mode()
    def __init__(self, inputs: Sequence[Tensor], stages: Sequence[Stage]) -> None:
        self._maps, self._first, self._stages = list(inputs), len(inputs), stages
        for stage in stages:
            self._maps.append(_added([branch.run(self._maps[branch.source], None) for branch in stage]))

    @property
    def images(self) -> Tensor:
        """The picture drawn last, `[batch, 3, height, width]`; drawing again changes it in place."""
        return self._maps[-1]

    def unchanged(self, features: Tensor) -> int:
        """How many pixels of the picture certainly stay as they are with these features."""
        window = self._windows(features)[-1]
        return Window.whole(self.images).area - (window.area if window else 0)

    @torch.inference_mode()
    def draw(self, features: Tensor) -> Tensor:
        """The picture with other features: only what they can have changed is computed again.

        Args:
            features: Of the same shape as those before, and not changed in place afterwards.
        """
        windows = self._windows(features)
        self._maps[0] = features
        for number, stage in enumerate(self._stages, self._first):
            window = windows[number]
            if window is not None:
                made = _added([self._part(branch, number, window) for branch in stage])
                window.of(self._maps[number]).copy_(made)
        return self.images

    def _windows(self, features: Tensor) -> list[Window | None]:
        """For each map the cells that can change with the features."""
        windows: list[Window | None] = [None] * self._first
        windows[0] = Window.of_change(self._maps[0], features)
        for number, stage in enumerate(self._stages, self._first):
            changed = None
            for branch in stage:
                below = windows[branch.source]
                if below is not None:
                    above = below.finer(self._scale(branch, number)).grown(branch.reach)
                    changed = above if changed is None else changed.joined(above)
            windows.append(changed and changed.within(Window.whole(self._maps[number])))
        return windows

    def _scale(self, branch: Branch, number: int) -> int:
        return self._maps[number].shape[2] // self._maps[branch.source].shape[2]

    def _part(self, branch: Branch, number: int, window: Window) -> Tensor:
        """A window of what a branch makes."""
        scale, below = self._scale(branch, number), self._maps[branch.source]
        crop = window.grown(branch.reach).coarser(scale).within(Window.whole(below))
        place = crop.finer(scale)
        return window.seen_from(place).of(branch.run(crop.of(below), place))


def _added(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
