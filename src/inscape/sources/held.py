"""Pictures that are held in memory, so that several models are shown the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.errors import UnsupportedError
from inscape.progress import Progress, SilentProgress
from inscape.sources.source import Batch, show, spread

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.models import Model
    from inscape.sources.source import PictureSource

_BATCH = 64


@dataclass(eq=False)
class HeldPictures:
    """Pictures of another source, their label maps and their classes.

    Attributes:
        name: Of the source.
        vocabulary: Of the label maps.
        pictures: RGB in [-1, 1].
        labels: One label map for each picture.
        classes: Names of the classes; empty where there are none.
        class_of: The class of each picture, -1 where it has none.
    """

    name: str
    vocabulary: Vocabulary | None
    pictures: Float[Tensor, "picture 3 height width"]
    labels: UInt8[Tensor, "picture plane height width"]
    classes: tuple[str, ...] = ()
    class_of: tuple[int, ...] = ()
    segmenter: str | None = None
    side_by_side: bool = False

    @classmethod
    def of(
        cls, source: PictureSource, model: Model, numbers: range, progress: Progress | None = None
    ) -> HeldPictures:
        """Take pictures from a source, at the size at which it shows them to a model.

        Raises:
            UnsupportedError: The source has no label maps, or the model takes no pictures.
        """
        batches: list[Batch] = []
        with (progress or SilentProgress()).task("Taking pictures", len(numbers), "pictures") as task:
            for start in range(0, len(numbers), _BATCH):
                some = numbers[start : start + _BATCH]
                batches.append(source.run(model, some))
                task.advance(len(some))
        labels = [batch.labels for batch in batches if batch.labels is not None]
        if len(labels) < len(batches):
            raise UnsupportedError(
                f"The pictures of {source.name!r} have no label maps.", "Name a source that has some."
            )
        return cls(
            source.name,
            source.vocabulary,
            torch.cat([batch.inputs for batch in batches]),
            torch.cat(labels),
            getattr(source, "classes", ()),
            tuple(number for batch in batches for number in batch.classes),
        )

    def shuffled(self, seed: int) -> HeldPictures:
        """The same pictures, each with the label maps of another: what place alone says remains."""
        count = len(self.pictures)
        shift = np.random.RandomState(seed % 2**32).permutation(count)
        places = np.empty(count, np.int64)
        places[shift] = np.roll(shift, 1)  # one cycle: no picture keeps its own
        return replace(self, labels=self.labels[torch.from_numpy(places)])

    def numbers(self, first: int, count: int) -> range:
        """As many as are asked for, evenly spread; at most all."""
        return spread(len(self.pictures), first, count)

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Show some to a model."""
        index = torch.tensor(list(numbers))
        show(model, self.pictures[index])
        classes = tuple(self.class_of[number] for number in numbers) if self.class_of else ()
        return Batch(self.pictures[index], self.labels[index], classes)

    def key(self) -> None:
        """None: what was taken is not kept beyond the measurement."""
        return
