"""The interface of sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
from torch.nn import functional

from inscape.errors import UnsupportedError, UsageError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor, nn

    from inscape.concepts import Vocabulary
    from inscape.models import Model

_SEEDS = 2**32


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of items that a model was run on.

    Attributes:
        inputs: The pictures that the model drew or received, `[batch, 3, height, width]`, RGB in [-1, 1], or
            its tokens `[batch, token]`.
        labels: Label maps that the source itself has of the pictures.
        classes: The class of each item, from 0, where items have one; -1 for an item that has none.
    """

    inputs: Tensor
    labels: UInt8[Tensor, "batch plane height width"] | None = None
    classes: tuple[int, ...] = ()


class Source(Protocol):
    """The data that a model is run on: items by number.

    Attributes:
        name: For people.
    """

    name: str

    def numbers(self, first: int, count: int) -> range:
        """The numbers of `count` items, or of all if there are fewer.

        Args:
            first: Where to begin.
            count: How many.

        Raises:
            UsageError: There are no such items.
        """

    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Run a model on some items.

        Raises:
            UnsupportedError: The model takes something else.
        """

    def key(self) -> str | None:
        """A key of the items' content; None if there is none."""


class PictureSource(Source, Protocol):
    """A source of pictures.

    Attributes:
        vocabulary: Of its own label maps; None where it has none.
        segmenter: Name of the segmenter that fits its pictures; None if none is known.
        side_by_side: Whether several threads may take pictures from it at once.
    """

    vocabulary: Vocabulary | None
    segmenter: str | None
    side_by_side: bool


class ClassSource(PictureSource, Protocol):
    """A source of pictures of which it knows the class.

    Attributes:
        classes: Their names, in the order of the numbers in batches.
    """

    classes: tuple[str, ...]


@runtime_checkable
class GroupedSource(Protocol):
    """A source that knows which of its pictures belong together, as frames of one drive do.

    Attributes:
        skipped: Files that were asked for and cannot be read.
    """

    skipped: list[Path]

    def groups(self, numbers: Sequence[int]) -> list[str] | None:
        """The group of each of some items; None where nothing says which belong together."""


class LatentSource(Protocol):
    """A source of latents, from which a generator draws pictures with and without changes."""

    def numbers(self, first: int, count: int) -> range:
        """As of `Source`."""

    def latents(self, numbers: Sequence[int]) -> Float[Tensor, "batch num_ws w_dim"]:
        """The latents w of some items."""


def seeds(first: int, count: int) -> range:
    """Seeds from one on.

    Raises:
        UsageError: There are no such seeds.
    """
    if first < 0 or first + count > _SEEDS:
        raise UsageError(f"Seeds are whole numbers from 0 to {_SEEDS - 1}; {count} from {first} on are not.")
    return range(first, first + count)


def spread(total: int, first: int, count: int) -> range:
    """As many of so many items as are asked for, evenly spread from the first one on; at most all.

    Raises:
        UsageError: There is no such first one.
    """
    if not 0 <= first < total:
        raise UsageError(f"The items of this source are numbered from 0 to {total - 1}, got {first}.")
    return range(first, total, max(1, (total - first) // max(1, count)))[:count]


def runs_side_by_side(module: nn.Module) -> bool:
    """Whether several threads may run a network at once, each on a core of the CPU.

    Networks of Inscape's own compute nothing but their outputs; of others nobody knows.
    """
    own = type(module).__module__.startswith("inscape.")
    return own and all(parameter.device.type == "cpu" for parameter in module.parameters())


@torch.inference_mode()
def show(model: Model, pictures: Float[Tensor, "batch 3 height width"]) -> None:
    """Run a model on pictures, at the size that it takes.

    Raises:
        UnsupportedError: It takes no pictures.
    """
    shown(model, pictures)


def shown(model: Model, pictures: Float[Tensor, "batch 3 height width"]) -> Tensor:
    """What a model gives of pictures, at the size that it takes; gradients flow through.

    Raises:
        UnsupportedError: It takes no pictures.
    """
    output: Tensor = model.module(as_shown(model, pictures))
    return output


def as_shown(
    model: Model, pictures: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 3 size size"]:
    """Pictures as a model takes them: its device, its size and its range of values.

    Raises:
        UnsupportedError: It takes no pictures.
    """
    if model.card.kind in ("generator", "language"):
        takes = "draws pictures" if model.card.kind == "generator" else "reads text"
        raise UnsupportedError(f"{model.name!r} is {model.card.noun}: it {takes}, and takes no pictures.")
    size, given = model.card.image_size, pictures.to(model.device)
    if size is not None and given.shape[2:] != (size, size):
        given = functional.interpolate(given, (size, size), mode="bilinear", antialias=True)
    low, high = model.card.pixel_range
    return given if (low, high) == (-1, 1) else (given + 1) * ((high - low) / 2) + low
