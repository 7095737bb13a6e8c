"""The one pass of a dissection: pictures, labels and raw activations, kept on disk.

The folder's name is a key of everything that goes in, so that a dissection that was killed goes on where it
stopped. Only a few batches are in memory at a time. On a CPU each core works on a batch of its own.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from inscape import storage
from inscape.activations import record
from inscape.dissection._kept import KeptArray, KeptArrays
from inscape.dissection.sources import Source
from inscape.errors import StorageError, UnsupportedError
from inscape.parallel.cores import side_by_side
from inscape.pictures import to_uint8
from inscape.progress import Progress, Task

_VERSION = 3
BATCH, BATCH_PER_CORE = 32, 8
_LABEL_SIZE = 128
"""What larger label maps are made to: four times the pixels take four times as long to count."""


@dataclass(frozen=True)
class Plan:
    """What is to be looked at.

    Attributes:
        seeds: Of the pictures, in order.
        modules: Dotted module path by layer name.
        label_size: Height and width of the label maps; those of the segmenter unless given, at most 128.
        batch: Pictures at a time; a kept run is only taken up again with the same.
    """

    seeds: range
    modules: Mapping[str, str]
    label_size: int | None = None
    batch: int = BATCH

    def batches(self) -> list[range]:
        """The seeds of every batch."""
        return [self.seeds[start : start + self.batch] for start in range(0, len(self.seeds), self.batch)]


@dataclass(frozen=True)
class Kept:
    """What the pass left on disk, until the block that asked for it ends.

    Attributes:
        plan: What was asked.
        arrays: `pictures`, `labels` and `layer:NAME`.
        seconds: That "model" and "segmenter" took of this pass; where cores work side by side, of all of them
            together by their number.
    """

    plan: Plan
    arrays: KeptArrays
    seconds: dict[str, float] = field(default_factory=lambda: {"model": 0.0, "segmenter": 0.0})

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.plan.seeds)

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
def kept_run(source: Source, plan: Plan, *, progress: Progress, cache: Path | None = None) -> Iterator[Kept]:
    """Run the network and the segmenter once over all pictures; batches that are on disk are not run again.

    The folder is removed when the block succeeds, and stays for the next attempt when it does not.

    Args:
        source: Pictures, network and labels.
        plan: Seeds and layers.
        progress: Advances by pictures; stops between batches.
        cache: Where the folder of the run is made; `cache_folder()/dissections` unless given.

    Raises:
        StorageError: The disk is full or cannot be written.
    """
    with _folder(cache or storage.cache_folder() / "dissections", source.key(), plan) as folder:
        kept = Kept(plan, KeptArrays(folder, len(plan.seeds)))
        with progress.task("Looking at pictures", total=len(plan.seeds), unit="pictures") as task:
            _run(source, kept, task)
        yield kept


def _run(source: Source, kept: Kept, task: Task) -> None:
    """Run the batches that are not on disk."""
    plan, arrays = kept.plan, kept.arrays
    names = {"pictures", "labels", *(f"layer:{name}" for name in plan.modules)}
    missing = []
    for number, seeds in enumerate(plan.batches()):
        if arrays.holds(number, number * plan.batch, len(seeds), names):
            task.advance(len(seeds))
        else:
            missing.append((number, seeds))
    cores = min(torch.get_num_threads(), max(1, len(missing))) if source.side_by_side else 1
    with side_by_side(lambda item: _run_batch(source, plan, item[1]), missing, cores=cores) as batches:
        for (number, seeds), (batch, seconds) in zip(missing, batches, strict=True):
            _write(arrays, number, number * plan.batch, batch)
            for name, spent in seconds.items():
                kept.seconds[name] += spent / cores
            task.advance(len(seeds))


def _write(arrays: KeptArrays, number: int, first: int, batch: dict[str, NDArray[Any]]) -> None:
    try:
        arrays.write(number, first, batch)
    except OSError as error:
        raise StorageError(
            f"The activations cannot be kept in {arrays.folder}: {error.strerror or error}.",
            "Free some space, or move the data folder with INSCAPE_HOME.",
        ) from error


@contextmanager
def _folder(root: Path, key: str | None, plan: Plan) -> Iterator[Path]:
    """The folder of this run: named by its content; a private one where that has no key or is in use."""
    described = [plan.seeds.start, len(plan.seeds), dict(plan.modules), plan.label_size, plan.batch]
    private = f"private-{uuid.uuid4().hex[:12]}"
    name = private if key is None else storage.content_key(_VERSION, key, *described)
    with _lock(root / f"{name}.lock") as free:
        folder = root / (name if free else private)
        storage.write_json(folder / "plan.json", described)  # says early where nothing can be written
        try:
            yield folder
        except BaseException:
            if folder.name == private:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Whether this process holds the lock; a lock dies with its process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield True
        return
    if not path.exists():
        storage.write_text(path, "")
    with path.open("r") as stream:
        free = False
        with suppress(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        try:
            yield free
        finally:
            if free:
                path.unlink(missing_ok=True)


def _run_batch(source: Source, plan: Plan, seeds: range) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """The arrays of a batch, and the seconds that network and segmenter took."""
    began = time.perf_counter()
    with record(source.module, list(plan.modules.values()), own_thread=True) as recorded:
        images = source.run(seeds)
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
    drawn = time.perf_counter()
    labels = source.labels(seeds, images).cpu()
    labelled = time.perf_counter()
    size = plan.label_size or _LABEL_SIZE
    if plan.label_size is not None or max(labels.shape[-2:]) > size:
        labels = _nearest(labels, size)
    arrays: dict[str, NDArray[Any]] = {"pictures": to_uint8(images), "labels": labels.numpy()}
    for name, path in plan.modules.items():
        arrays[f"layer:{name}"] = _as_maps(recorded.outputs[path], name).numpy()
    return arrays, {"model": drawn - began, "segmenter": labelled - drawn}


def _as_maps(output: Tensor, layer: str) -> Float[Tensor, "batch unit height width"]:
    if not isinstance(output, Tensor) or output.ndim not in (2, 4):
        came = list(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise UnsupportedError(
            f"Layer {layer!r} cannot be dissected: its output should be [batch, unit, height, width], "
            f"got {came}."
        )
    maps = output.detach().float().cpu()
    return maps if maps.ndim == 4 else maps[:, :, None, None]


def _nearest(
    labels: UInt8[Tensor, "batch plane height width"], size: int
) -> UInt8[Tensor, "batch plane size size"]:
    """The label at the centre of each pixel of another size."""
    height, width = labels.shape[-2:]
    rows = ((torch.arange(size) + 0.5) * height / size).long()
    columns = ((torch.arange(size) + 0.5) * width / size).long()
    return labels[:, :, rows[:, None], columns[None]].contiguous()
