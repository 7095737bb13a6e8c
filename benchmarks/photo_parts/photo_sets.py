"""The photos that are measured: rendered scenes that no training has seen, churches, street frames."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from inscape.photos import Photo, read_photo
from inscape.scenes import world

FIRST_SCENE = 900_000
"""Trainings take scenes from 10 000 000 on, and judge themselves on small seeds."""
OTHER_SCENES = 950_000
SIZE, LARGE = 64, 256


@dataclass(frozen=True)
class Subject:
    """A photo of a set.

    Args:
        group: The set: "scenes", "churches" or "streets".
        name: Its name there.
        photo: It.
        large: The same at more pixels than the generator draws; the photo itself where that is large.
    """

    group: str
    name: str
    photo: Photo
    large: Photo

    @property
    def key(self) -> str:
        """Unique among all photos."""
        return f"{self.group}/{self.name}"


def scene(seed: int, world_name: str = "town") -> Subject:
    """A rendered scene, at the generator's size and larger."""
    drawn = world(world_name)
    small, large = (
        read_photo(Image.fromarray(drawn.scene(seed, size).picture), name=str(seed)) for size in (SIZE, LARGE)
    )
    return Subject("scenes", str(seed), small, large)


def subjects(options: argparse.Namespace) -> list[Subject]:
    """Every photo that was asked for; sets that are not there are left out, and that is said."""
    found = [scene(FIRST_SCENE + number, options.world) for number in range(options.scenes)]
    for group, folder, count in (
        ("churches", "photos/churches", options.churches),
        ("streets", "streets/test", options.streets),
    ):
        if count:
            found += _files(group, folder, count)
    return found


def _files(group: str, folder: str, count: int) -> list[Subject]:
    data = os.environ.get("INSCAPE_TEST_DATA")
    place = Path(data or "") / folder
    if not data or not place.is_dir():
        sys.stderr.write(f"The {group} are left out: INSCAPE_TEST_DATA names no folder with {folder}.\n")
        return []
    paths = sorted(place.glob("*.jpg"))
    chosen = [paths[number * len(paths) // count] for number in range(count)] if len(paths) > count else paths
    photos = [read_photo(path) for path in chosen]
    return [Subject(group, Path(photo.name).stem, photo, photo) for photo in photos]


def few(everything: Sequence[Subject], count: int) -> list[Subject]:
    """Some of the photos: three quarters scenes, the rest of the other sets in turn."""
    scenes = [each for each in everything if each.group == "scenes"]
    others = [each for each in everything if each.group != "scenes"]
    churches = [each for each in others if each.group == "churches"]
    streets = [each for each in others if each.group == "streets"]
    mixed = [each for pair in zip(churches, streets, strict=False) for each in pair]
    mixed += [each for each in others if each not in mixed]
    rest = min(len(mixed), max(count // 4, count - len(scenes)))
    return scenes[: count - rest] + mixed[:rest]
