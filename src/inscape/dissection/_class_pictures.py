"""A classifier's pictures with known classes, read again and again with units of one layer off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.activations import Resumable, as_maps, resumable
from inscape.errors import NotFoundError, UnsupportedError, UsageError
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Layer, Model
    from inscape.progress import Progress
    from inscape.sources import ClassSource

BATCH = 64
"""Pictures at once."""


@dataclass(frozen=True)
class ClassPictures:
    """The pictures that one measurement looks at.

    Attributes:
        model: The classifier.
        layer: The layer whose units are switched off.
        source: Gives pictures and their classes.
        outputs: For each class of the source, which output of the model it is.
        progress: Told of the pictures done.
    """

    model: Model
    layer: Layer
    source: ClassSource
    outputs: tuple[int, ...]
    progress: Progress | None = None

    @classmethod
    def of(
        cls, model: Model, layer: str | None, source: ClassSource, progress: Progress | None = None
    ) -> ClassPictures:
        """The pictures of a source, whose classes go by the model's names.

        Raises:
            LayerError: The model has no such layer.
            UnsupportedError: It is no classifier.
            UsageError: The source has no classes.
            NotFoundError: A class of the source is none of the model's.
        """
        if model.card.kind != "classifier":
            raise UnsupportedError(
                f"Roles are those of a classifier's units; {model.name!r} is {model.card.noun}."
            )
        if not source.classes:
            raise UsageError(
                f"The pictures of {source.name!r} have no classes.",
                "Put the photos of each class into a folder of its own, or name a world.",
            )
        outputs = tuple(model.card.class_index(name) for name in source.classes)
        return cls(model, model.layer(layer), source, outputs, progress)

    def batches(self, numbers: range, task: str) -> Iterator[ReadBatch]:
        """Pictures that have a class, batch by batch, while progress is told."""
        with (self.progress or SilentProgress()).task(task, len(numbers), "pictures") as told:
            for start in range(0, len(numbers), BATCH):
                some = numbers[start : start + BATCH]
                yield self._read(some, partial(told.advance, 0))
                told.advance(len(some))

    @torch.inference_mode()
    def _read(self, numbers: Sequence[int], step: Callable[[], None]) -> ReadBatch:
        with resumable(self.model, self.layer) as resume:
            batch = self.source.run(self.model, numbers)
        if not isinstance(resume.output, torch.Tensor) or resume.output.ndim != 2:
            raise UnsupportedError(f"{self.model.name!r} does not give one vector of classes for a picture.")
        known = np.array(batch.classes, np.int64)
        classes = np.where(known < 0, -1, np.array(self.outputs)[known])
        return ReadBatch(self.layer, resume, batch.inputs, classes, step)


@dataclass(frozen=True)
class ReadBatch:
    """A batch of pictures that the model has read.

    Attributes:
        layer: The layer whose units are switched off.
        resume: The pass of the batch.
        pictures: RGB in [-1, 1].
        classes: The model's output that each picture should have most of; -1 where it has no class.
        step: Called before each set of units; raises `CancelledError` when the person cancelled.
    """

    layer: Layer
    resume: Resumable
    pictures: Float[Tensor, "picture 3 height width"]
    classes: NDArray[np.int64]
    step: Callable[[], None]

    @property
    def known(self) -> Bool[np.ndarray, "picture"]:
        """Which pictures have a class."""
        return self.classes >= 0

    def without(self, sets: Sequence[Sequence[int]]) -> Iterator[Float[Tensor, "picture class"]]:
        """The outputs with each set of units off, one set after the other."""
        with torch.inference_mode():
            changed = self.resume.features.clone()
            maps = as_maps(changed, self.layer.axes)
        for units in sets:
            self.step()  # outside of the block: other work may run meanwhile, and may need gradients
            with torch.inference_mode():
                index = torch.tensor(tuple(units), device=maps.device, dtype=torch.long)
                before = maps[:, index]
                maps[:, index] = 0
                outputs = self.resume(changed)
                maps[:, index] = before
            yield outputs


def lead(outputs: Float[Tensor, "... picture class"], classes: Int[np.ndarray, "picture"]) -> Tensor:
    """By how much the class of every picture is ahead of the best other one, `[..., picture]`."""
    own = torch.from_numpy(classes).to(outputs.device).expand(outputs.shape[:-1])[..., None]
    others = outputs.scatter(-1, own, -torch.inf)
    return outputs.gather(-1, own)[..., 0] - others.amax(-1)


def balanced(
    read: Int[np.ndarray, "... picture"], classes: Int[np.ndarray, "picture"], number: int
) -> Float[np.ndarray, "..."]:
    """Balanced accuracy of one class against all others: the mean of the shares that are told right.

    Args:
        read: What the model takes the pictures for.
        classes: What they are.
        number: The class.

    Raises:
        NotFoundError: No picture is of the class, or all are.
    """
    of = classes == number
    if not 0 < of.sum() < len(of):
        said = "no picture is" if not of.any() else "every picture is"
        raise NotFoundError(f"Of {len(of)} pictures {said} of this class.", "Ask for more pictures.")
    taken = read == number
    found: NDArray[np.float64] = (taken[..., of].mean(-1) + (~taken[..., ~of]).mean(-1)) / 2
    return found
