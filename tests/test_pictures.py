from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape import pictures
from inscape.errors import LatentError, RecipeError, ShapeError, UsageError, ValueRangeError
from inscape.pictures import Latent, Picture


def some_picture(seed: int = 0) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 256, (8, 6, 3), dtype=np.uint8))


def test_eight_bits_survive_the_way_to_tensors_and_back():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert np.array_equal(pictures.to_uint8(pictures.to_tensor(levels)), levels)


def test_values_outside_the_range_are_clipped():
    images = torch.tensor([-3.0, 3.0]).reshape(1, 1, 1, 2).expand(1, 3, 1, 2)
    assert pictures.to_uint8(images)[0, 0].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_the_latent_of_a_seed_is_the_contract():
    expected = np.random.RandomState(7).standard_normal(5).astype(np.float32)
    assert np.array_equal(pictures.z_from_seed(7, 5), expected)


@pytest.mark.parametrize("wrong", [True, -1, 1.0, "1", [1], 2**31, 10**30])
def test_the_class_of_a_foreign_latent_is_checked(wrong):
    plain = {"kind": "z", "values": [0.0, 1.0], "truncation": 1.0}
    assert Latent.from_json(plain).class_index is None
    assert Latent.from_json({**plain, "class_index": 3}).class_index == 3
    assert Latent.from_json(plain).to_json() == plain
    with pytest.raises(RecipeError, match="The class of a latent is a whole number from 0"):
        Latent.from_json({**plain, "class_index": wrong})


def test_a_png_carries_its_recipe(tmp_path):
    recipe = {"schema_version": 1, "model": "ünï", "edits": []}
    path = some_picture().save(tmp_path / "a.png", recipe=recipe)
    assert pictures.read_recipe(path) == recipe


def test_a_png_without_a_recipe_says_so(tmp_path):
    path = some_picture().save(tmp_path / "a.png")
    with pytest.raises(RecipeError, match="holds no recipe"):
        pictures.read_recipe(path)


def test_what_is_no_picture_says_so(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(RecipeError, match="is not a whole PNG picture: it does not start as one"):
        pictures.read_recipe(tmp_path / "a.png")


@pytest.mark.parametrize(("text", "seeds"), [("7", [7]), ("0-3", [0, 1, 2, 3]), ("1, 5,9-10", [1, 5, 9, 10])])
def test_seeds_are_read(text, seeds):
    assert pictures.parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3-", "5-2", "-1", "1..4", "0-100000000", "99999999999"])
def test_seeds_that_cannot_be_read_are_usage_errors(text):
    with pytest.raises(UsageError, match=r"[Ss]eed"):
        pictures.parse_seeds(text)


def test_latents_survive_json():
    latent = Latent("w+", np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32), 0.7)
    again = Latent.from_json(latent.to_json())
    assert (again.kind, again.truncation) == ("w+", 0.7)
    assert np.array_equal(again.values, latent.values)


def test_latents_that_are_not_finite_are_refused():
    with pytest.raises(LatentError, match="finite"):
        Latent("z", np.array([np.nan], np.float32))
    with pytest.raises(RecipeError, match="'z', 'w' or 'w\\+'"):
        Latent.from_json({"kind": "q", "values": [0.0]})


def test_a_grid_puts_each_picture_in_its_place():
    many = [some_picture(i) for i in range(5)]
    array = np.asarray(pictures.grid(many, columns=3, gap=2))
    assert array.shape == (18, 22, 3)
    assert np.array_equal(array[10:18, 8:14], many[4].pixels)


def test_grids_of_different_sizes_are_refused():
    with pytest.raises(ShapeError, match="all of one size"):
        pictures.grid([some_picture(), Picture(np.zeros((4, 4, 3), np.uint8))])
    with pytest.raises(ShapeError, match="uint8"):
        Picture(np.zeros((4, 4, 3)))


@pytest.mark.parametrize("truncation", [float("nan"), float("inf")])
def test_a_truncation_is_a_finite_number(truncation):
    with pytest.raises(LatentError, match="truncation is a finite number"):
        Latent("z", np.zeros(4, np.float32), truncation)


def test_recipes_larger_than_a_mebibyte_are_read(tmp_path):
    recipe = {"strokes": np.random.default_rng(0).bytes(3_000_000).hex()}
    assert pictures.read_recipe(some_picture().save(tmp_path / "a.png", recipe=recipe)) == recipe


def test_texts_of_a_png_that_are_cut_off_or_foreign_are_one_sentence(tmp_path):
    path = some_picture().save(tmp_path / "a.png", recipe={"edits": list(range(1000))})
    whole = path.read_bytes()
    at = whole.index(b"iTXt")
    for text in (whole[: at + 60], b"GIF89a" + whole, whole[: at + 80] + b"\0" * 40 + whole[at + 120 :]):
        path.write_bytes(text)
        with pytest.raises(RecipeError, match=r"not a whole PNG|damaged"):
            pictures.read_recipe(path)


@pytest.mark.parametrize("text", ["9" * 5000, "1-" + "9" * 5000])
def test_endless_numbers_are_no_seeds(text):
    with pytest.raises(UsageError, match="whole numbers and ranges"):
        pictures.parse_seeds(text)


def test_a_picture_is_enlarged_by_whole_times_and_keeps_its_origin():
    picture = some_picture()
    larger = picture.enlarged(2)
    height, width = picture.pixels.shape[:2]
    assert larger.pixels.shape == (2 * height, 2 * width, 3) and picture.enlarged(1) is picture
    assert (larger.latent, larger.seed) == (picture.latent, picture.seed)
    flat = Picture(np.full((4, 4, 3), 100, np.uint8)).enlarged(4)
    assert (flat.pixels == 100).all()
    with pytest.raises(ValueRangeError, match="1 time or more, got 0"):
        picture.enlarged(0)
