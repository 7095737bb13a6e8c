"""The one pass of a dissection: pictures, labels and raw activations, kept on disk.

The folder's name is a key of everything that goes in, so that a dissection that was killed continues where it
stopped. Only a few batches are in memory at a time. On a CPU each core works on a batch of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import UInt8
from torch import Tensor

from inscape import storage
from inscape.activations import record
from inscape.dissection._kept import KeptArray, KeptArrays
from inscape.dissection._run_folder import is_private, run_folder
from inscape.errors import ShapeError, StorageError
from inscape.models.fingerprint import fingerprint
from inscape.parallel import InProcess
from inscape.pictures import to_uint8
from inscape.progress import Progress, Task
from inscape.segmenters.scene import SceneSegmenter
from inscape.sources.generated import GeneratedPictures
from inscape.sources.source import GroupedSource, runs_side_by_side
from inscape.types import Array

if TYPE_CHECKING:
    from inscape.concepts import Vocabulary
    from inscape.models import Model
    from inscape.parallel import Executor
    from inscape.segmenters import Labeller
    from inscape.sources import PictureSource

_VERSION = 6
BATCH = 32
_PIXELS, _PIXELS_PER_CORE = 8 * 256 * 256, 2 * 256 * 256
"""Pixels of a batch at most: a generator of 256 pixels holds some 200 MB for each picture."""

_LABEL_SIZE = 128
"""What larger label maps are made to: four times the pixels take four times as long to count."""


@dataclass(frozen=True)
class Plan:
    """What is to be looked at.

    Attributes:
        model: Whose layers are dissected.
        source: What it is run on.
        segmenter: Labels the pictures; None where the source does.
        layers: Their names.
        numbers: Of the pictures, in order.
        label_size: Height and width of the label maps; their own unless given, at most 128.
    """

    model: Model
    source: PictureSource
    segmenter: Labeller | None
    layers: tuple[str, ...]
    numbers: range
    label_size: int | None = None

    @cached_property
    def side_by_side(self) -> bool:
        """Whether each core may work on a batch of its own."""
        plain = self.segmenter is None or isinstance(self.segmenter, SceneSegmenter)
        return plain and self.source.side_by_side and runs_side_by_side(self.model.module)

    @property
    def batch(self) -> int:
        """Pictures at a time; a kept run is only taken up again with the same."""
        pixels = _PIXELS_PER_CORE if self.side_by_side else _PIXELS
        size = self.model.card.image_size or 1
        return max(1, min(BATCH, pixels // size**2))

    @property
    def vocabulary(self) -> Vocabulary:
        """What the label maps are written in."""
        known = self.source.vocabulary if self.segmenter is None else self.segmenter.vocabulary
        assert known is not None
        return known

    @cached_property
    def groups(self) -> list[str] | None:
        """The group of each picture; None where nothing says which belong together."""
        return self.source.groups(self.numbers) if isinstance(self.source, GroupedSource) else None

    @property
    def skipped(self) -> list[Path]:
        """Files of the source that cannot be read."""
        return self.source.skipped if isinstance(self.source, GroupedSource) else []

    def batches(self) -> list[range]:
        """The numbers of every batch."""
        return [self.numbers[start : start + self.batch] for start in range(0, len(self.numbers), self.batch)]

    def key(self) -> str | None:
        """What identifies network, pictures and labels by content; `None` where that cannot be told."""
        labels = "own" if self.segmenter is None else fingerprint(self.segmenter)
        source = self.source.key()
        own = isinstance(self.source, GeneratedPictures) and self.source.drawn_by(self.model)
        network = (
            source if own else fingerprint(self.model.module)
        )  # a generator is in the key of what it draws
        parts = [network, source, labels]
        return None if None in parts else storage.content_key(*parts, self.model.card.model_dump_json())

    def to_json(self) -> list[object]:
        """The rest of what a kept run must have in common with another one."""
        layers = [self.model.layer(name).model_dump() for name in self.layers]
        return [list(self.numbers), layers, self.label_size, self.batch]


@dataclass(frozen=True)
class Kept:
    """What the pass left on disk, until the block that asked for it ends.

    Attributes:
        plan: What was asked.
        arrays: `pictures`, `labels` and `layer:NAME`.
        seconds: That "model" and "segmenter" took of this pass; where batches are worked on side by side, of
            all of them together by how many were at once.
    """

    plan: Plan
    arrays: KeptArrays
    seconds: dict[str, float] = field(default_factory=lambda: {"model": 0.0, "segmenter": 0.0})

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.plan.numbers)

    @property
    def pictures(self) -> KeptArray:
        """uint8 `[picture, height, width, 3]`."""
        return self.arrays["pictures"]

    @property
    def labels(self) -> KeptArray:
        """uint8 `[picture, plane, height, width]`."""
        return self.arrays["labels"]

    def layer(self, name: str) -> KeptArray:
        """Raw activations, float32 `[picture, unit, height, width]`."""
        return self.arrays[f"layer:{name}"]


@contextmanager
def kept_run(
    plan: Plan, *, progress: Progress, cache: Path | None = None, executor: Executor | None = None
) -> Iterator[Kept]:
    """Run the network and the segmenter once over all pictures; batches that are on disk are not run again.

    The folder is removed when the block succeeds, and stays for the next attempt when it does not.

    Args:
        plan: Network, pictures, labels and layers.
        progress: Advances by pictures; stops between batches.
        cache: Where the folder of the run is made; `cache_folder()/dissections` unless given.
        executor: Who runs the batches; this process unless given.

    Raises:
        StorageError: The disk is full or cannot be written.
    """
    key, described = plan.key(), plan.to_json()
    name = None if key is None else storage.content_key(_VERSION, key, *described)
    with run_folder(cache or storage.cache_folder() / "dissections", name, described) as folder:
        kept = Kept(plan, KeptArrays(folder, len(plan.numbers)))
        with progress.task("Recording activations", total=len(plan.numbers), unit="pictures") as task:
            _run(kept, task, executor or InProcess())
        yield kept


@dataclass(frozen=True)
class _OfBatch:
    """The arrays of a batch of a plan, by the numbers of its pictures."""

    plan: Plan

    @property
    def side_by_side(self) -> bool:
        return self.plan.side_by_side

    def __call__(self, numbers: range) -> tuple[dict[str, Array], dict[str, float]]:
        return run_batch(self.plan, numbers)


def _run(kept: Kept, task: Task, executor: Executor) -> None:
    """Run the batches that are not on disk."""
    plan, arrays = kept.plan, kept.arrays
    names = {"pictures", "labels", *(f"layer:{name}" for name in plan.layers)}
    missing = []
    for number, some in enumerate(plan.batches()):
        if arrays.holds(number, number * plan.batch, len(some), names):
            task.advance(len(some))
        else:
            missing.append((number, some))
    began, spent = time.perf_counter(), dict.fromkeys(kept.seconds, 0.0)
    batches = executor.map(_OfBatch(plan), [some for _, some in missing])
    for (number, some), (batch, seconds) in zip(missing, batches, strict=True):
        try:
            arrays.write(number, number * plan.batch, batch)
        except (OSError, StorageError) as error:
            raise _unwritten(arrays, error) from error
        spent = {name: spent[name] + seconds[name] for name in spent}
        task.advance(len(some))
    at_once = max(1.0, sum(spent.values()) / (time.perf_counter() - began))
    kept.seconds.update({name: each / at_once for name, each in spent.items()})


def _unwritten(arrays: KeptArrays, error: OSError | StorageError) -> StorageError:
    """What to say of a disk that is full: also what becomes of the batches that are on it."""
    reason = error.detail if isinstance(error, StorageError) else f"{error.strerror or error}."
    kept = "" if is_private(arrays.folder) else " What was recorded stays there for the next attempt."
    return StorageError(
        f"The activations cannot be written to {arrays.folder}: {reason}{kept}",
        "Free some space, or move the data folder with INSCAPE_HOME.",
    )


def run_batch(plan: Plan, numbers: range) -> tuple[dict[str, Array], dict[str, float]]:
    """The arrays of a batch, and the seconds that network and segmenter took."""
    began = time.perf_counter()
    with record(plan.model, plan.layers, copy=True, own_thread=True) as recorded:
        batch = plan.source.run(plan.model, numbers)
    if batch.inputs.is_cuda:
        torch.cuda.synchronize(batch.inputs.device)
    drawn = time.perf_counter()
    labels = batch.labels if plan.segmenter is None else plan.segmenter.segment(batch.inputs)
    labels = _checked_labels(labels, len(numbers)).cpu()
    labelled = time.perf_counter()
    size = plan.label_size or _LABEL_SIZE
    if plan.label_size is not None or max(labels.shape[-2:]) > size:
        labels = _nearest(labels, size)
    arrays: dict[str, Array] = {"pictures": to_uint8(batch.inputs), "labels": labels.numpy()}
    for name in plan.layers:
        arrays[f"layer:{name}"] = recorded.grids(name).float().cpu().numpy()
    return arrays, {"model": drawn - began, "segmenter": labelled - drawn}


def _checked_labels(labels: Tensor | None, count: int) -> UInt8[Tensor, "batch plane height width"]:
    if labels is None or labels.ndim != 4 or labels.dtype != torch.uint8 or len(labels) != count:
        came = "none" if labels is None else f"{labels.dtype} {list(labels.shape)}"
        raise ShapeError(f"Label maps are uint8 [{count}, plane, height, width], got {came}.")
    return labels


def _nearest(
    labels: UInt8[Tensor, "batch plane height width"], size: int
) -> UInt8[Tensor, "batch plane size size"]:
    """The label at the centre of each pixel of another size."""
    height, width = labels.shape[-2:]
    rows = ((torch.arange(size) + 0.5) * height / size).long()
    columns = ((torch.arange(size) + 0.5) * width / size).long()
    return labels[:, :, rows[:, None], columns[None]].contiguous()
