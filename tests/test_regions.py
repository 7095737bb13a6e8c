from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import inscape
from inscape.errors import FormatError, RegionError, UsageError
from inscape.regions import Region, parse_box


def test_a_box_covers_whole_cells_fully_and_others_in_part():
    mask = inscape.box(2, 0, 3, 4).mask(2, 2, image_size=8)
    assert torch.allclose(mask, torch.tensor([[0.5, 0.25], [0.0, 0.0]]))


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(0, 31)] * 2),
    st.tuples(*[st.integers(1, 32)] * 2),
    st.sampled_from([1, 3, 8, 32, 50]),
)
def test_the_mean_of_a_mask_is_the_share_of_the_picture(corner, extent, cells):
    (x, y), (w, h) = corner, (min(extent[0], 32 - corner[0]), min(extent[1], 32 - corner[1]))
    mask = inscape.box(x, y, w, h).mask(cells, cells, image_size=32)
    assert mask.mean().item() == pytest.approx(w * h / 32**2, abs=1e-6)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_resizing_a_mask_keeps_its_mean(rows, columns, cells):
    values = np.random.default_rng(rows * 100 + columns).random((rows, columns)).astype(np.float32)
    resized = Region.from_mask(values).mask(cells, cells)
    assert resized.mean().item() == pytest.approx(values.mean(), abs=1e-5)


def test_resizing_down_is_the_mean_of_blocks():
    values = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    blocks = values.reshape(4, 2, 4, 2).mean((1, 3))
    assert np.allclose(Region.from_mask(values).mask(4, 4).numpy(), blocks, atol=1e-6)


@pytest.mark.parametrize("corners", [(-1, 0, 2, 2), (0, 0, 0, 2), (0, float("nan"), 2, 2)])
def test_impossible_boxes_are_refused(corners):
    with pytest.raises(RegionError, match="A box"):
        inscape.box(*corners)


def test_a_box_outside_the_picture_says_so():
    with pytest.raises(RegionError, match="lies outside the picture of 64 × 64 pixels"):
        inscape.box(60, 0, 8, 8).mask(8, 8, image_size=64)


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "", "1,2,3,4,5"])
def test_boxes_that_cannot_be_parsed_are_usage_errors(text):
    with pytest.raises(UsageError, match="X,Y,WIDTH,HEIGHT"):
        parse_box(text)


def test_json_brings_a_region_back():
    for region in (
        inscape.box(1, 2, 3, 4),
        Region.from_mask((np.arange(12).reshape(3, 4) * 20).astype(np.uint8)),
    ):
        again = Region.from_json(region.to_json())
        assert torch.allclose(again.mask(7, 5, image_size=16), region.mask(7, 5, image_size=16), atol=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"box": [1, 2]},
        {"mask": "!!", "height": 2, "width": 2},
        {"mask": "eJwDAAAAAAE=", "height": 2, "width": 2},
        {"mask": "", "height": 100000, "width": 2},
    ],
)
def test_damaged_regions_are_refused(value):
    with pytest.raises(FormatError, match="A region"):
        Region.from_json(value)


def test_a_halo_surrounds_and_a_feather_softens():
    region = inscape.box(4, 4, 2, 2)
    halo = region.halo(1, 8, image_size=8).mask(8, 8)
    assert halo.sum() == 12 and not (halo * region.mask(8, 8, image_size=8)).any()
    soft = region.feathered(1.0, 8, image_size=8).mask(8, 8)
    assert 0 < soft[3, 4] < soft[4, 4] < 1
    assert region.bounds(8, 8, image_size=8) == (4, 4, 2, 2)
