"""What a classifier can be asked of scenes: classes that the choices behind a scene decide exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import NotFoundError, unknown_name
from inscape.scenes.worlds import world as open_world
from inscape.storage import content_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.scenes.scene import Factor, Pixels, Scene

_BUILDINGS = ("cottage", "townhouse", "church", "hall", "barn")
_TOPS = {"none": "", "spire": " with a spire", "dome": " with a dome"}
_SEASONS = ("spring", "summer", "autumn", "winter")


@dataclass(frozen=True)
class Task:
    """Classes of the scenes of a world.

    Attributes:
        name: What is told apart: "building".
        world: The world.
        classes: Their names, in the order of a classifier's outputs.
        factors: The choices that decide, by name, in the order in which `decided` has them.
        decided: Which class which values of these make. Scenes of other values are of no class.
    """

    name: str
    world: str
    classes: tuple[str, ...]
    factors: tuple[str, ...]
    decided: Mapping[tuple[str, ...], int]

    def class_of(self, factors: Mapping[str, Factor]) -> int | None:
        """The class of a scene, from 0, by the choices behind it; None where it is of none."""
        return self.decided.get(tuple(str(factors[name]) for name in self.factors))

    def key(self) -> str:
        """A key of the classes and of what decides them."""
        return content_key(self.classes, self.factors, sorted(self.decided.items()))

    def classes_of(self, scenes: Iterable[Scene]) -> NDArray[np.int64]:
        """The class of each scene, from 0; -1 where it is of none."""
        found = [self.class_of(scene.factors) for scene in scenes]
        return np.array([-1 if number is None else number for number in found], np.int64)

    def classified(self, seeds: Iterable[int], size: int) -> tuple[Pixels, NDArray[np.int64]]:
        """Draw the scenes of some seeds, without those of no class.

        Args:
            seeds: At least one.
            size: Height and width in pixels.

        Returns:
            Pictures uint8 `[n, size, size, 3]`, and their classes.
        """
        drawn = [open_world(self.world).scene(seed, size=size) for seed in seeds]
        classes = self.classes_of(drawn)
        return np.stack([scene.picture for scene in drawn])[classes >= 0], classes[classes >= 0]


def _task(name: str, world: str, factors: tuple[str, ...], named: Mapping[tuple[str, ...], str]) -> Task:
    classes = tuple(dict.fromkeys(named.values()))
    return Task(name, world, classes, factors, {key: classes.index(each) for key, each in named.items()})


_TASKS = (
    _task(
        "building",
        "town",
        ("plan", "top"),
        {(kind, top): f"{kind}{said}" for kind in _BUILDINGS for top, said in _TOPS.items()},
    ),
    _task("season", "town", ("season",), {(season,): season for season in _SEASONS}),
)


def tasks_of(world: str) -> list[Task]:
    """The tasks of a world."""
    return [each for each in _TASKS if each.world == world]


def task(name: str, world: str = "town") -> Task:
    """The task of that name.

    Raises:
        NotFoundError: The world has no such task.
    """
    known = {each.name: each for each in tasks_of(world)}
    if name not in known:
        raise NotFoundError(*unknown_name("task", name, known, where=f"of the world {world!r}"))
    return known[name]


def task_of(world: str, classes: Sequence[str]) -> Task | None:
    """The task of a world that has these classes; None where it has none."""
    return next((each for each in tasks_of(world) if each.classes == tuple(classes)), None)
