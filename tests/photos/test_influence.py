from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import inscape
from inscape.errors import RegionError, ShapeError, ValueRangeError
from inscape.photos import influence_of
from inscape.regions import Region

GREY = np.full((64, 64, 3), 120, np.uint8)


def changed(*squares: tuple[int, int, int, int], by: int = 60, of: np.ndarray = GREY) -> np.ndarray:
    picture = of.copy()
    for x, y, width, height in squares:
        picture[y : y + height, x : x + width] += np.uint8(by)
    return picture


def feathered(inside: np.ndarray, feather: float) -> np.ndarray:
    """The definition, pixel by pixel."""
    weights = np.zeros(inside.shape)
    places = np.argwhere(inside)
    for row, column in np.ndindex(*inside.shape):
        nearest = np.sqrt(((places - (row, column)) ** 2).sum(1).min())
        share = np.clip(1.5 - nearest / feather, 0, 1)
        weights[row, column] = share**2 * (3 - 2 * share)
    return weights


def test_nothing_changed_is_no_influence():
    for painted in (None, np.ones((64, 64), np.float32)):
        influence = influence_of(GREY, GREY, painted=painted)
        assert not influence.weights.any() and not influence.islands.any()
        assert influence.area == 0 and influence.parts == []


def test_a_changed_square_is_found_with_its_feather():
    influence = influence_of(GREY, changed((20, 24, 10, 8)))
    inside = np.zeros((64, 64), bool)
    inside[24:32, 20:30] = True
    assert np.array_equal(influence.islands == 1, inside)
    assert np.allclose(influence.weights, feathered(inside, 2.0), atol=1e-6)
    assert (influence.weights[23:33, 19:31] > 0.85).all() and influence.weights[24:32, 20:30].min() == 1
    assert not influence.weights[~ndimage.binary_dilation(inside, np.ones((3, 3)), 3)].any()
    (part,) = influence.parts
    assert (part.number, part.box, part.area) == (1, (20, 24, 10, 8), 80 / 4096)
    assert part.change == pytest.approx(80 / 4096 * influence.differences[25, 25])


def test_the_feather_grows_with_the_picture():
    large = np.kron(changed((20, 24, 10, 8)), np.ones((4, 4, 1), np.uint8))
    influence = influence_of(np.full_like(large, 120), large)
    assert influence.feather == 8
    assert influence.weights[96 - 4, 100] == 1 and influence.weights[96 - 8, 100] == pytest.approx(0.5)
    assert influence.weights[96 - 12, 100] == 0 < influence.weights[96 - 11, 100]


def test_faint_changes_count_where_they_touch_strong_ones():
    faint = changed((10, 10, 8, 8), (40, 40, 8, 8), by=8)
    assert 2 < influence_of(GREY, faint).differences[12, 12] < 5
    assert influence_of(GREY, faint).area == 0
    touched = changed((17, 17, 3, 3), of=faint)
    islands = influence_of(GREY, touched).islands
    assert islands[10, 10] == 1 and not islands[40:48, 40:48].any()


def test_faint_changes_count_where_they_are_painted_and_invisible_ones_never():
    painted = np.zeros((64, 64), np.float32)
    painted[:20, :20] = 0.5
    after = changed((10, 10, 8, 8), (40, 40, 8, 8), by=8)
    after[2:5, 2:5] += 1
    islands = influence_of(GREY, after, painted=painted).islands
    assert (islands > 0).sum() == 64 and (islands[10:18, 10:18] == 1).all()


def test_holes_are_filled_where_it_is_painted():
    ring = changed((10, 10, 12, 12))
    ring[14:18, 14:18] = GREY[14:18, 14:18]
    painted = np.zeros((64, 64), np.float32)
    assert influence_of(GREY, ring, painted=painted).islands[15, 15] == 0
    painted[8:24, 8:24] = 1
    assert influence_of(GREY, ring, painted=painted).islands[15, 15] == 1


def test_islands_are_numbered_by_their_change():
    small_but_strong, large_but_faint = (5, 5, 6, 6), (30, 30, 20, 20)
    after = changed(large_but_faint, by=20, of=changed(small_but_strong, by=120))
    influence = influence_of(GREY, after)
    first, second = influence.parts
    assert (first.box, second.box) == (large_but_faint, small_but_strong)
    assert first.change > second.change and first.area > second.area
    assert influence.area > first.area + second.area


def test_islands_nearer_than_the_feather_are_one():
    large = np.full((256, 256, 3), 120, np.uint8)
    for gap, count in ((3, 1), (5, 1), (9, 2), (40, 2)):
        after = changed((20, 20, 30, 30), (50 + gap, 20, 30, 30), of=large)
        assert len(influence_of(large, after).parts) == count


def test_an_island_that_is_taken_out_leaves_no_ghost():
    both = influence_of(GREY, changed((10, 10, 12, 12), (40, 40, 10, 10)))
    alone = influence_of(GREY, changed((10, 10, 12, 12)))
    rest = both.without([2])
    assert np.array_equal(rest.weights, alone.weights)
    assert [part.number for part in rest.parts] == [1] and len(both.parts) == 2
    assert not both.without([1, 2]).weights.any()
    assert np.array_equal(both.without([]).weights, both.weights)
    assert [part.number for part in both.without([1]).parts] == [2]


def test_a_neighbour_that_is_taken_out_is_not_touched_by_the_feather():
    both = influence_of(GREY, changed((10, 10, 12, 12), (23, 10, 8, 8)))
    rest = both.without([2])
    assert len(both.parts) == 2 and not rest.weights[both.islands == 2].any()
    assert (rest.weights[both.islands == 1] == 1).all()


def test_islands_that_are_not_there_cannot_be_taken_out():
    with pytest.raises(RegionError, match=r"There is no island 3. There are \[1\]"):
        influence_of(GREY, changed((9, 9, 9, 9))).without([1, 3])


@pytest.mark.parametrize("as_mask", [False, True])
def test_what_is_held_back_is_the_photos_own_with_a_soft_border(as_mask):
    influence = influence_of(GREY, changed((10, 10, 30, 30)))
    mask = np.zeros((64, 64), np.float32)
    mask[:, 25:] = 1
    kept = Region.from_mask(mask) if as_mask else inscape.box(25, 0, 39, 64)
    limited = influence.limited(kept)
    assert not limited.weights[:, 25:].any() and not limited.islands[:, 25:].any()
    assert np.array_equal(limited.weights[:, :20], influence.weights[:, :20])
    assert 0 < limited.weights[20, 24] < 1 and limited.weights[20, 23] == 1
    assert limited.parts[0].box == (10, 10, 15, 30)
    assert np.array_equal(limited.limited(kept).weights, limited.weights)


def test_a_soft_region_holds_back_in_part():
    influence = influence_of(GREY, changed((10, 10, 30, 30)))
    limited = influence.limited(Region.from_mask(np.full((8, 8), 0.25, np.float32)))
    assert np.allclose(limited.weights, 0.75 * influence.weights)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_whatever_changes_the_weights_keep_their_promises(seed):
    random = np.random.default_rng(seed)
    before = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    after = before.copy()
    for _ in range(random.integers(1, 5)):
        x, y, width, height = random.integers(0, 24, 2).tolist() + random.integers(1, 9, 2).tolist()
        after[y : y + height, x : x + width] = random.integers(0, 256, 3)
    influence = influence_of(before, after)
    assert influence.weights.dtype == np.float32 and influence.islands.dtype == np.int32
    assert influence.weights.min() >= 0 and influence.weights.max() <= 1
    assert (influence.weights[influence.islands > 0] == 1).all()
    assert (influence.islands[influence.differences >= 5] > 0).all()
    numbers = [part.number for part in influence.parts]
    assert numbers == list(range(1, len(numbers) + 1))
    changes = [part.change for part in influence.parts]
    assert changes == sorted(changes, reverse=True)
    kept = Region.from_mask(random.integers(0, 2, (32, 32)).astype(np.float32))
    assert not influence.limited(kept).weights[kept.values == 1].any()
    if numbers:
        one = influence.without(numbers[:1])
        assert not one.weights[influence.islands == 1].any()


def test_pictures_and_paint_of_different_sizes_are_refused():
    with pytest.raises(ShapeError, match="two pictures of the same size"):
        influence_of(GREY, GREY[:32])
    with pytest.raises(ShapeError, match="The painted region"):
        influence_of(GREY, GREY, painted=np.ones((32, 32), np.float32))
    with pytest.raises(ValueRangeError, match="The width of a feather must be above 0"):
        influence_of(GREY, GREY, feather=0)
