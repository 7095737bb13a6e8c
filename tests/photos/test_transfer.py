from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from inscape.errors import ShapeError
from inscape.photos import Fit, Influence, Photo, influence_of, transfer
from inscape.scenes import world


def smooth(size: int, seed: int = 0) -> np.ndarray:
    """A soft picture of medium colours."""
    noise = np.random.default_rng(seed).standard_normal((size, size, 3))
    soft = ndimage.gaussian_filter(noise, (4, 4, 0), mode="wrap")
    return np.round(128 + 40 * soft / np.abs(soft).max()).astype(np.uint8)


def enlarged(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def everywhere(size: int) -> Influence:
    ones = np.ones((size, size), np.float32)
    return Influence(ones, ones.astype(np.int32), 9 * ones, 0 * ones, 2.0)


def edited(picture: np.ndarray, x: int, y: int, width: int, height: int) -> np.ndarray:
    after = picture.copy()
    after[y : y + height, x : x + width] = (90, 50, 20)
    return after


def own(photo: Photo, influence: Influence) -> np.ndarray:
    """Where a photo must stay as it is: outside the fit, and where a pixel's centre has no influence."""
    fit, size = photo.fit, len(influence.weights)
    stays = np.ones((photo.height, photo.width), bool)
    for row, column in np.ndindex(photo.height, photo.width):
        x = int(np.floor((column + 0.5 - fit.x) / fit.width * size))
        y = int(np.floor((row + 0.5 - fit.y) / fit.height * size))
        if 0 <= x < size and 0 <= y < size:
            stays[row, column] = influence.weights[y, x] == 0
    return stays


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_outside_the_influence_the_photo_is_its_own_bit_for_bit(seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(16, 90, 2)
    corner, extent = random.uniform(-20, 15, 2), random.uniform(25, 110, 2)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    photo = Photo(pixels, Fit(*corner, *extent))
    before = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    after = edited(before, *random.integers(0, 26, 2), *random.integers(1, 12, 2))
    influence = influence_of(before, after)
    result = transfer(photo, before, after, influence)
    assert result.dtype == np.uint8 and result.shape == pixels.shape
    stays = own(photo, influence)
    assert np.array_equal(result[stays], pixels[stays])


@pytest.mark.parametrize("size", [16, 64, 200])
def test_without_an_edit_the_photo_comes_back(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size, size + 9, 3), dtype=np.uint8)
    photo = Photo(pixels, Fit.crop(size + 9, size))
    strange = smooth(64)  # even where the generator draws something else
    result = transfer(photo, strange, strange, influence_of(strange, strange))
    assert np.array_equal(result, pixels) and result is not photo.pixels
    assert np.array_equal(transfer(photo, strange, strange, everywhere(64)), pixels)


def test_at_the_generators_size_the_edit_is_what_the_generator_drew():
    before = smooth(64)
    after = edited(before, 20, 24, 12, 10)
    influence = influence_of(before, after)
    result = transfer(Photo(before, Fit.stretch(64, 64)), before, after, influence)
    weights = influence.weights[..., None]
    assert np.array_equal(result, np.round(before + weights * (after.astype(float) - before)))


@pytest.mark.parametrize(("width", "height"), [(256, 256), (400, 150), (1024, 1024), (64, 200)])
def test_an_enlarged_picture_becomes_the_enlarged_edit(width, height):
    before, after = smooth(64), smooth(64, 1)
    photo = Photo(enlarged(before, width, height), Fit.stretch(width, height))
    result = transfer(photo, before, after, everywhere(64)).astype(float)
    off = np.abs(result - enlarged(after, width, height))
    assert off.mean() < 0.7 and off.max() <= 4
    assert np.abs(photo.pixels - result).mean() > 10


def test_an_edit_lands_where_it_belongs_in_a_squeezed_crop():
    photo = Photo(np.full((120, 300, 3), 128, np.uint8), Fit(40, 20, 160, 80))
    before = np.full((32, 32, 3), 128, np.uint8)
    after = edited(before, 8, 12, 8, 4)
    result = transfer(photo, before, after, influence_of(before, after))
    middle = result[20 + 30 + 4 : 20 + 40 - 4, 40 + 40 + 8 : 40 + 80 - 8]
    assert np.abs(middle.astype(int) - (90, 50, 20)).max() <= 6
    rows, columns = np.nonzero((result != 128).any(2))
    assert rows.min() == pytest.approx(50, abs=6) and rows.max() == pytest.approx(59, abs=6)
    assert columns.min() == pytest.approx(80, abs=12) and columns.max() == pytest.approx(119, abs=12)


def textured(size: int = 256) -> np.ndarray:
    """A wall with a texture that the generator cannot see."""
    fine = np.indices((size, size)).sum(0) % 2 * 60
    return np.repeat((100 + fine).astype(np.uint8)[..., None], 3, 2)


def texture(picture: np.ndarray) -> float:
    return float(picture.astype(float).std((0, 1)).mean())


def test_no_texture_shines_through_what_was_put_in_front_of_it():
    photo = Photo(textured(), Fit.stretch(256, 256))
    before = photo.seen(64)
    after = edited(before, 20, 20, 16, 16)
    painted = np.zeros((64, 64), np.float32)
    painted[20:36, 20:36] = 1
    for paint in (painted, None):
        result = transfer(photo, before, after, influence_of(before, after, painted=paint), painted=paint)
        assert texture(result[90:134, 90:134]) < 0.5 < 20 < texture(result[:60, :60])


def test_a_shadow_keeps_the_texture_that_it_falls_on():
    photo = Photo(textured(), Fit.stretch(256, 256))
    before = photo.seen(64)
    after = before.copy()
    after[20:36, 20:36] = after[20:36, 20:36] - 25
    result = transfer(photo, before, after, influence_of(before, after))
    inside = result[90:134, 90:134].astype(float)
    assert texture(inside) == pytest.approx(texture(photo.pixels[90:134, 90:134]), rel=0.05)
    assert inside.mean() == pytest.approx(photo.pixels.mean() - 25, abs=1)


def test_what_can_be_seen_of_structure_is_scaled_as_the_edit_scales_it():
    """A pattern at the edge of the generator's resolution, halved in contrast: finer detail of it follows."""
    stripes = np.where(np.arange(256) // 8 % 2, 150, 90) + np.where(np.arange(256) % 2, 10, -10)
    photo = Photo(
        np.broadcast_to(stripes[None, :, None], (256, 256, 3)).astype(np.uint8), Fit.stretch(256, 256)
    )
    before = photo.seen(64)
    mean = before.astype(float).mean((0, 1))
    after = np.round(mean + (before - mean) / 2).astype(np.uint8)
    result = transfer(photo, before, after, everywhere(64))

    def fine(picture: np.ndarray) -> float:
        return float(np.abs(np.diff(picture[60:200, 60:200, 0].astype(float), axis=1)).mean())

    assert fine(result) == pytest.approx(fine(photo.pixels) / 2, rel=0.1)


def test_the_seam_is_soft_at_the_photos_own_resolution():
    photo = Photo(np.full((512, 512, 3), 100, np.uint8), Fit.stretch(512, 512))
    before = np.full((64, 64, 3), 100, np.uint8)
    after = np.full((64, 64, 3), 180, np.uint8)
    influence = influence_of(before, edited(before, 20, 20, 20, 20))
    profile = transfer(photo, before, after, influence)[256, :, 0].astype(int)
    assert profile[:136].tolist() == [100] * 136 and (profile[160:320] == 180).all()
    steps = np.abs(np.diff(profile))
    assert steps.max() <= 12 and np.abs(np.diff(steps[136:160])).max() <= 12


def test_the_influence_fades_where_the_photo_goes_on_beyond_the_fit():
    before, after = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 180, np.uint8)
    photo = Photo(np.full((128, 256, 3), 100, np.uint8), Fit(64, 0, 128, 128))
    row = transfer(photo, before, after, influence_of(before, after))[64, :, 0].astype(int)
    assert (row[:64] == 100).all() and (row[192:] == 100).all() and row[128] == 180
    assert np.abs(np.diff(row)).max() <= 40
    column = transfer(photo, before, after, influence_of(before, after))[:, 128, 0]
    assert (column == 180).all()


def test_islands_that_were_taken_out_stay_the_photos_own():
    photo = Photo(textured(), Fit.stretch(256, 256))
    before = photo.seen(64)
    after = edited(edited(before, 8, 8, 12, 12), 40, 40, 10, 10)
    both = influence_of(before, after)
    result = transfer(photo, before, after, both.without([2]))
    assert np.array_equal(result[128:, 128:], photo.pixels[128:, 128:])
    assert not np.array_equal(result[40:70, 40:70], photo.pixels[40:70, 40:70])


@pytest.mark.parametrize("seed", [9001, 9005, 9009])
def test_what_is_taken_out_of_a_scene_is_nearer_to_the_truth_than_the_generators_picture(seed, monkeypatch):
    """A scene with and without its things, drawn at 512 pixels, against the edit of 64 brought there."""
    from dataclasses import replace

    from inscape.scenes.town import town

    full = world("town").scene(seed, 512).picture
    draw = town.draw_factors
    bare = {"car": False, "person": False, "sign": False, "path": "none"}
    monkeypatch.setattr(town, "draw_factors", lambda random, rules: replace(draw(random, rules), **bare))
    truth = world("town").scene(seed, 512).picture
    photo, wanted = Photo(full, Fit.stretch(512, 512)), Photo(truth, Fit.stretch(512, 512))
    before, after = photo.seen(64), wanted.seen(64)
    result = transfer(photo, before, after, influence_of(before, after))
    changed = ndimage.binary_dilation((full != truth).any(2), iterations=8)

    def off(picture: np.ndarray) -> float:
        return float(np.square(picture.astype(float) - truth)[changed].mean())

    assert changed.mean() > 0.005
    assert off(result) < 0.9 * off(enlarged(after, 512, 512)) < off(full)


def test_work_is_done_in_parts_and_only_where_something_changes(monkeypatch):
    from inscape.photos.transfer import _Window

    rows: list[int] = []
    bands = _Window.bands

    def counted(window: _Window):
        for band in bands(window):
            rows.append((band[0].stop - band[0].start) * (band[1].stop - band[1].start))
            yield band

    monkeypatch.setattr(_Window, "bands", counted)
    photo = Photo(np.full((1500, 2000, 3), 128, np.uint8), Fit.stretch(2000, 1500))
    before = np.full((64, 64, 3), 128, np.uint8)
    transfer(photo, before, edited(before, 10, 10, 6, 6), influence_of(before, edited(before, 10, 10, 6, 6)))
    assert sum(rows) < 0.06 * 1500 * 2000
    rows.clear()
    transfer(photo, before, before + np.uint8(9), everywhere(64))
    assert sum(rows) == 1500 * 2000 and max(rows) <= 1 << 18


def test_pictures_of_different_sizes_are_refused():
    photo = Photo(smooth(64), Fit.stretch(64, 64))
    with pytest.raises(ShapeError, match=r"as large as its influence \[64, 64\]"):
        transfer(photo, smooth(32), smooth(32), everywhere(64))
    with pytest.raises(ShapeError, match=r"painted \[32, 32\]"):
        transfer(photo, smooth(64), smooth(64), everywhere(64), painted=np.ones((32, 32), np.float32))
