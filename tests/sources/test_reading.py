from __future__ import annotations

import io
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

import inscape
from inscape.errors import FormatError, RegionError, ShapeError, UsageError
from inscape.photos import Fit, Photo, read_photo
from sources.odd_files import encoded, scene


def hamming(x: float) -> float:
    return float(np.sinc(x) * (0.54 + 0.46 * np.cos(np.pi * x))) if abs(x) < 1 else 0.0


def bicubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def along(values: np.ndarray, start: float, extent: float, cells: int) -> np.ndarray:
    """The definition, sum by sum over rows, values mirrored just as far as the rectangle reaches."""
    length, scale = len(values), extent / cells
    wide, kernel = (scale, hamming) if scale >= 1 else (1.0, bicubic)
    first, last = min(0, math.floor(start)), max(length, math.ceil(start + extent))
    result = []
    for cell in range(cells):
        centre, total, weight = start + (cell + 0.5) * scale, 0.0, 0.0
        for place in range(first, last):
            each = kernel((place + 0.5 - centre) / wide)
            mirrored = place % (2 * length)
            total = total + each * values[min(mirrored, 2 * length - 1 - mirrored)]
            weight += each
        result.append(total / weight)
    return np.stack(result)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_what_the_generator_sees_is_the_antialiased_rectangle(seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(16, 40, 2)
    pixels = random.integers(100, 156, (height, width, 3), dtype=np.uint8)
    extent = random.uniform(4, 70, 2)
    x, y = random.uniform(-extent + 1, (width - 1, height - 1))
    expected = along(pixels.astype(float), y, extent[1], 12)
    expected = along(expected.swapaxes(0, 1), x, extent[0], 12).swapaxes(0, 1)
    found = Photo(pixels, Fit(x, y, *extent)).seen(12)
    assert np.abs(found - expected).max() <= 1.6


def test_a_photo_of_the_generators_size_is_seen_as_it_is():
    pixels = scene(64, 64)
    assert np.array_equal(read_photo(Image.fromarray(pixels)).seen(64), pixels)


def test_a_fit_of_whole_cells_beyond_the_photo_shows_it_mirrored():
    pixels = scene(32, 20)
    seen = Photo(pixels, Fit(-20, -30, 72, 72)).seen(72)
    mirrored = np.pad(pixels, ((30, 22), (20, 20), (0, 0)), mode="symmetric")
    assert np.array_equal(seen, mirrored)


def test_a_squeezed_ramp_stays_a_ramp():
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (50, 200, 3))
    seen = Photo(np.ascontiguousarray(ramp), Fit(40, 0, 100, 50)).seen(20)
    assert np.abs(seen[..., 0] - (40 + 5 * np.arange(20) + 2)).max() <= 1


def test_memory_does_not_grow_with_what_lies_beyond_the_photo():
    photo = Photo(np.full((16, 4000, 3), 9, np.uint8), Fit.pad(4000, 16))
    assert (photo.seen(64) == 9).all()


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        (Fit.crop(60, 40), (10, 0, 40, 40)),
        (Fit.crop(60, 40, centre=(0, 0)), (0, 0, 40, 40)),
        (Fit.crop(60, 40, centre=(1, 1), zoom=2), (40, 20, 20, 20)),
        (Fit.crop(60, 40, centre=(0.5, 0.25), zoom=4), (25, 5, 10, 10)),
        (Fit.crop(60, 40, zoom=0.5), (-10, -20, 80, 80)),
        (Fit.stretch(60, 40), (0, 0, 60, 40)),
        (Fit.pad(60, 40), (0, -10, 60, 60)),
        (Fit.pad(40, 60), (-10, 0, 60, 60)),
    ],
)
def test_fits_are_the_rectangles_that_their_names_say(fit, expected):
    assert (fit.x, fit.y, fit.width, fit.height) == expected


@given(st.tuples(*[st.floats(-1e9, 1e9)] * 2), st.tuples(*[st.floats(1e-9, 1e9)] * 2))
def test_json_brings_a_fit_back_exactly(corner, extent):
    import json

    fit = Fit(*corner, *extent)
    assert Fit.from_json(json.loads(json.dumps(fit.to_json()))) == fit


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        None,
        {"x": 0, "y": 0, "width": 1},
        {"x": "0", "y": 0, "width": 1, "height": 1},
        {"x": True, "y": 0, "width": 1, "height": 1},
        {"x": 0, "y": 0, "width": 0, "height": 1},
        {"x": float("nan"), "y": 0, "width": 1, "height": 1},
        {"x": 10**400, "y": 0, "width": 1, "height": 1},
    ],
)
def test_what_is_no_fit_is_refused(value):
    with pytest.raises(FormatError, match="of a fit|A fit is"):
        Fit.from_json(value)


@pytest.mark.parametrize("numbers", [(0, 0, 0, 1), (0, 0, 1, -1), (math.inf, 0, 1, 1), (0, math.nan, 1, 1)])
def test_impossible_rectangles_are_refused(numbers):
    with pytest.raises(RegionError, match="A fit is x, y, width and height in pixels"):
        Fit(*numbers)
    with pytest.raises(RegionError, match="zoom of a crop"):
        Fit.crop(10, 10, zoom=0)


@pytest.mark.parametrize("fit", [Fit(48, 0, 9, 9), Fit(0, -9, 9, 9), Fit(-9, 0, 9, 9), Fit(0, 0, 9, 9999)])
def test_a_fit_must_overlap_the_photo_and_not_be_far_larger(fit):
    with pytest.raises(RegionError, match="does not overlap the photo of 48 × 36 pixels"):
        read_photo(Image.fromarray(scene()), fit=fit)


def test_a_photo_is_read_from_a_path_its_bytes_and_an_image(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(scene(), "PNG"))
    for source in (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        encoded(scene(), "PNG"),
        Image.fromarray(scene()),
    ):
        photo = inscape.read_photo(source, fit="pad")
        assert np.array_equal(photo.pixels, scene())
        assert photo.fit == Fit.pad(48, 36)
        assert (photo.width, photo.height) == (48, 36)
        assert photo.name == (
            "a.png" if isinstance(source, type(tmp_path)) or source == str(tmp_path / "a.png") else ""
        )
    assert read_photo(tmp_path / "a.png", name="my house").name == "my house"


def test_an_opened_image_that_turns_out_damaged_says_so(tmp_path):
    cut = encoded(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8), "PNG")[:2000]
    with pytest.raises(FormatError, match="The photo is damaged or cut off"):
        read_photo(Image.open(io.BytesIO(cut)))
    with pytest.raises(ShapeError, match="The photo is 4 × 4 pixels"):
        read_photo(Image.new("RGB", (4, 4)))


def test_names_of_fits_and_kinds_of_sources_are_checked():
    with pytest.raises(UsageError, match="no fit 'crob'; did you mean 'crop'"):
        read_photo(encoded(scene(), "PNG"), fit="crob")
    with pytest.raises(UsageError, match="A photo is a path, the bytes of a file or a PIL.Image, got int"):
        read_photo(7)


def test_a_photo_checks_its_arrays():
    with pytest.raises(ShapeError, match="A picture is uint8"):
        Photo(np.zeros((20, 20, 4), np.uint8), Fit.stretch(20, 20))
    with pytest.raises(ShapeError, match="The alpha of a photo of 20 × 20 pixels"):
        Photo(np.zeros((20, 20, 3), np.uint8), Fit.stretch(20, 20), alpha=np.zeros((20, 21), np.uint8))


def test_the_key_follows_the_pixels_and_nothing_else(tmp_path):
    photo = read_photo(encoded(scene(), "PNG"))
    assert photo.key == read_photo(encoded(scene(), "BMP"), name="another", fit="pad").key
    changed = scene()
    changed[5, 5, 0] ^= 1
    assert photo.key != read_photo(encoded(changed, "PNG")).key


def test_a_photo_is_saved_as_it_is(tmp_path):
    photo = read_photo(encoded(scene(), "PNG"))
    assert np.array_equal(read_photo(photo.save(tmp_path / "a.png")).pixels, scene())
    assert photo.fitted(Fit(0, 0, 9, 9)).fit == Fit(0, 0, 9, 9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_transparent_photo_is_saved_so_that_it_looks_the_same(seed):
    random = np.random.default_rng(seed)
    rgba = random.integers(0, 256, (20, 20, 4), dtype=np.uint8)
    photo = read_photo(encoded(rgba, "PNG"))
    again = read_photo(photo.png())
    assert np.array_equal(again.pixels, photo.pixels)
    assert np.array_equal(again.alpha, photo.alpha)


def test_what_is_drawn_on_transparent_places_is_saved_too():
    photo = Photo(scene(), Fit.stretch(48, 36), alpha=np.zeros((36, 48), np.uint8))
    again = read_photo(photo.png())
    assert np.array_equal(again.pixels, scene())
    assert again.alpha.max() < 255


def test_reading_leaves_pillow_and_the_warning_filters_as_they_were():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    read_photo(encoded(scene(), "TIFF"))
    with pytest.raises(FormatError, match="is cut off"):
        read_photo(encoded(scene(), "TIFF")[:-9])
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_the_callers_image_stays_open_and_unchanged():
    image = Image.open(io.BytesIO(encoded(scene(), "PNG", transparency=(220, 30, 60))))
    read_photo(image)
    assert image.mode == "RGB" and np.array_equal(np.asarray(image), scene())


def test_real_photos_are_read(test_data):
    for path in sorted((test_data / "photos/churches").glob("*.jpg")):
        assert np.array_equal(read_photo(path).pixels, np.asarray(Image.open(path).convert("RGB")))
