from __future__ import annotations

import numpy as np
import pytest

from inscape.editing import UnitEdit
from inscape.regions import Region
from inscape.studio.pages.photo.canvas import dropped_islands, kept_region
from inscape.studio.painter import Mark


def square(x: int, y: int, side: int, size: int = 16) -> np.ndarray:
    mask = np.zeros((size, size), np.float32)
    mask[y : y + side, x : x + side] = 1
    return mask


def mark(name: str, mode: str, mask: np.ndarray) -> Mark:
    region = Region.from_mask(mask)
    edit = UnitEdit("layer16a", (0,), np.ones(1, np.float32), region) if mode == "draw" else None
    return Mark(name, mode, region, edit)


@pytest.fixture
def islands() -> np.ndarray:
    """One island at the upper left, one at the lower right."""
    return (square(1, 1, 5) + 2 * square(10, 10, 4)).astype(np.int32)


def test_an_island_is_dropped_by_the_region_that_it_had(islands):
    marks = [mark("a", "draw", square(1, 1, 5)), mark("b", "drop", square(10, 10, 4))]
    assert dropped_islands(islands, marks) == {2: ["b"]}
    assert dropped_islands(islands, marks[:1]) == {}


def test_an_island_that_shrank_or_moved_a_little_stays_dropped(islands):
    moved = (islands == 1) + 2 * square(11, 10, 3).astype(np.int32)
    assert dropped_islands(moved, [mark("b", "drop", square(10, 10, 4))]) == {2: ["b"]}


def test_an_island_that_grew_beyond_twice_its_size_is_back():
    grown = square(6, 6, 9).astype(np.int32)
    assert dropped_islands(grown, [mark("b", "drop", square(10, 10, 4))]) == {}


def test_painting_into_a_dropped_island_brings_it_back(islands):
    drop, stroke = mark("b", "drop", square(10, 10, 4)), mark("c", "draw", square(12, 12, 2))
    assert dropped_islands(islands, [drop, stroke]) == {}
    assert dropped_islands(islands, [stroke, drop]) == {2: ["b"]}
    elsewhere = mark("d", "draw", square(1, 1, 2))
    assert dropped_islands(islands, [drop, elsewhere]) == {2: ["b"]}


def test_what_keeps_the_photo_is_the_union_of_its_strokes():
    marks = [mark("a", "keep", square(0, 0, 4)), mark("b", "draw", square(8, 8, 2))]
    assert kept_region(marks[1:], 16) is None
    kept = kept_region([*marks, mark("c", "keep", square(12, 12, 4))], 16)
    assert kept is not None
    expected = np.maximum(square(0, 0, 4), square(12, 12, 4))
    assert np.array_equal(kept.mask(16, 16).numpy(), expected)
