"""Scenes drawn ahead of time into one file, by several processes, resumable."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from inscape import scenes, storage
from inscape.progress import Progress, SilentProgress
from inscape.scenes.scene import drawing_key
from inscape.scenes.tasks import Task, tasks_of

CHUNK = 250
"""Scenes that are drawn, and marked as drawn, at a time."""


_PICTURES, _CLASSES, _MARKS = "pictures.u8", "classes.u8", "drawn.u8"
_NO_CLASS = 255


@dataclass(frozen=True)
class _Plan:
    """What a process needs to know to draw some of the scenes."""

    folder: Path
    world: str
    size: int
    count: int
    first_seed: int
    classified: bool

    @property
    def bytes(self) -> int:
        """Of one picture."""
        return self.size * self.size * 3

    def lengths(self) -> dict[str, int]:
        """The files and their bytes."""
        marks = -(-self.count // CHUNK)
        classes = {_CLASSES: self.count * len(tasks_of(self.world))} if self.classified else {}
        return {_PICTURES: self.count * self.bytes, **classes, _MARKS: marks}

    def marks(self, mode: str = "r") -> NDArray[np.uint8]:
        shape = (-(-self.count // CHUNK),)
        return np.memmap(self.folder / _MARKS, np.uint8, mode, shape=shape)  # type: ignore[call-overload,no-any-return]


def _draw(plan: _Plan, chunk: int) -> int:
    """Draw one chunk; it is marked only when it is whole."""
    start, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, plan.count)
    seeds = range(plan.first_seed + start, plan.first_seed + stop)
    world = scenes.world(plan.world)
    if plan.classified:
        each = [world.scene(seed, size=plan.size) for seed in seeds]
        drawn = np.stack([scene.picture for scene in each])
        classes = np.stack([task.classes_of(each) for task in tasks_of(plan.world)], 1)
        _write(plan.folder / _CLASSES, np.where(classes < 0, _NO_CLASS, classes).astype(np.uint8), start)
    else:
        drawn, _ = world.batch(seeds, size=plan.size)
    _write(plan.folder / _PICTURES, drawn, start)
    plan.marks("r+")[chunk] = 1
    return stop - start


def _write(path: Path, rows: NDArray[np.uint8], start: int) -> None:
    """Write the rows of some scenes where they belong."""
    with path.open("r+b") as stream:
        stream.seek(start * rows[0].nbytes)
        stream.write(np.ascontiguousarray(rows).data)


def _draw_rest(plan: _Plan, chunks: list[int]) -> None:
    os.nice(5)
    parent = os.getppid()
    for chunk in chunks:
        if os.getppid() != parent:
            return
        _draw(plan, chunk)


class ScenesAhead:
    """Scenes of a world, ready to be read in any order.

    The folder is named after what the world draws, so that a changed world is drawn anew.

    Args:
        folder: Where to keep them.
        world: Name of the world.
        size: Height and width.
        count: Number of scenes.
        first_seed: Seed of the first one.
        classified: Whether the classes of the world's tasks are kept too.

    Raises:
        StorageError: The folder cannot be written.
    """

    def __init__(
        self, folder: Path, *, world: str, size: int, count: int, first_seed: int, classified: bool = False
    ) -> None:
        told = [task.key() for task in tasks_of(world)] if classified else []
        key = storage.content_key(drawing_key(scenes.world(world)), size, count, first_seed, *told)
        self._plan = _Plan(folder / f"{world}-{size}-{key}", world, size, count, first_seed, classified)
        self._worker: multiprocessing.process.BaseProcess | None = None
        paths = {self._plan.folder / name: length for name, length in self._plan.lengths().items()}
        with storage.writing(self._plan.folder):
            self._plan.folder.mkdir(parents=True, exist_ok=True)
            if any(not path.exists() or path.stat().st_size != length for path, length in paths.items()):
                for path, length in paths.items():  # both: marks say nothing of pictures that are gone
                    with path.open("wb") as stream:
                        if path.name == _MARKS:  # mapped: the disk must hold it
                            stream.write(bytes(length))
                        stream.truncate(length)
        self._marks = self._plan.marks()
        self._ready = self._count_ready()

    def _count_ready(self) -> int:
        """Scenes before the first chunk that is not drawn."""
        missing = np.flatnonzero(np.asarray(self._marks) == 0)
        return self._plan.count if missing.size == 0 else int(missing[0]) * CHUNK

    @property
    def size(self) -> int:
        """Height and width of the pictures."""
        return self._plan.size

    @property
    def ready(self) -> int:
        """How many scenes can be read, from the first."""
        if self._ready < self._plan.count:
            self._ready = self._count_ready()
        return self._ready

    def draw(self, count: int, *, processes: int = 1, progress: Progress | None = None) -> None:
        """Draw until `count` scenes are ready (all of them at most).

        Args:
            count: How many from the first.
            processes: How many draw at a time; 1 draws in this one.
            progress: Told of every chunk.
        """
        missing = [chunk for chunk in self._missing() if chunk * CHUNK < count]
        shown = progress or SilentProgress()
        with shown.task("Drawing scenes", total=len(missing) * CHUNK, unit="scenes") as task:
            if processes <= 1 or len(missing) < 4:
                for chunk in missing:
                    task.advance(_draw(self._plan, chunk))
                return
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(processes, mp_context=context) as pool:
                try:
                    for done in as_completed([pool.submit(_draw, self._plan, chunk) for chunk in missing]):
                        task.advance(done.result())
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise

    def draw_in_background(self) -> None:
        """Draw what is missing in one process of low priority; leaving the context ends it."""
        missing = self._missing()
        if missing and self._worker is None:
            context = multiprocessing.get_context("spawn")
            self._worker = context.Process(target=_draw_rest, args=(self._plan, missing), daemon=True)
            self._worker.start()

    def _missing(self) -> list[int]:
        return [int(chunk) for chunk in np.flatnonzero(np.asarray(self._marks) == 0)]

    def pictures(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Scenes by number, uint8 `[n, height, width, 3]`; those that are not drawn yet are drawn now."""
        if (last := int(indices.max())) >= self.ready:
            self.draw(last + 1)
        found = np.empty((len(indices), self.size, self.size, 3), np.uint8)
        with (self._plan.folder / _PICTURES).open("rb") as stream:  # mapped, it would count as memory in use
            for row, index in zip(found, indices.tolist(), strict=True):
                stream.seek(index * self._plan.bytes)
                stream.readinto(row.data)
        return found

    def classes(self, task: Task) -> NDArray[np.int64]:
        """The class of every scene that was drawn, in the order of their numbers; -1 where it has none."""
        tasks = tasks_of(self._plan.world)
        path = self._plan.folder / _CLASSES
        rows = np.fromfile(path, np.uint8, self.ready * len(tasks)).reshape(-1, len(tasks))
        found = rows[:, tasks.index(task)].astype(np.int64)
        return np.where(found == _NO_CLASS, -1, found)

    def __enter__(self) -> ScenesAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.terminate()
            self._worker.join()
            self._worker = None
