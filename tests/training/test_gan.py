"""Whole runs: resumable, watched, and ending in a model that opens."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.small_recipe import RECIPE

from inscape import scenes, storage
from inscape.errors import (
    CancelledError,
    FormatError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
)
from inscape.models import Generator, open_model
from inscape.progress import CallbackProgress
from inscape.training import recipe, train
from inscape.training._interrupts import whole_steps
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.export import export_generator
from inscape.training.gan import GanOptions, train_gan
from inscape.training.recipes import GanRecipe


def options(images: int, **more: object) -> GanOptions:
    return replace(GanOptions(images=images, sample_every=32, measure_every=0), **more)  # type: ignore[arg-type]


def test_a_run_that_stopped_and_went_on_equals_one_that_did_not(tmp_path: Path) -> None:
    whole = train_gan(RECIPE, tmp_path / "whole", 5, options=options(64), device="cpu")
    train_gan(RECIPE, tmp_path / "parts", 5, options=options(24), device="cpu")
    parts = train_gan(RECIPE, tmp_path / "parts", 5, options=options(64), device="cpu")
    assert (whole.step, whole.images) == (parts.step, parts.images) == (8, 64)
    one, _ = storage.load_tensors(tmp_path / "whole" / "checkpoint.safetensors")
    other, _ = storage.load_tensors(tmp_path / "parts" / "checkpoint.safetensors")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_request_to_stop_keeps_what_was_reached(tmp_path: Path) -> None:
    def stop(event: dict[str, object]) -> None:
        if event["name"] == "Training" and event["done"] == 16:
            progress.cancelled.set()

    progress = CallbackProgress(stop)
    with pytest.raises(CancelledError, match="Stopped as asked"):
        train_gan(RECIPE, tmp_path, 5, options=options(64), device="cpu", progress=progress)
    _, metadata = storage.load_tensors(tmp_path / "checkpoint.safetensors")
    assert json.loads(metadata["counters"])["images"] == 16


def test_a_run_leaves_grids_curves_and_a_model_that_opens(tmp_path: Path) -> None:
    result = train_gan(RECIPE, tmp_path, 5, options=options(64), device="cpu")
    grids = sorted((tmp_path / "samples").iterdir())
    assert [grid.name for grid in grids] == ["00000032.png", "00000064.png"]
    with Image.open(grids[0]) as picture:
        assert picture.size == (128, 128)
    line = json.loads((tmp_path / "log.jsonl").read_text())
    assert line["images"] == 64 and {"loss_d", "loss_g", "r1", "seconds"} <= line.keys()
    assert "<polyline" in (tmp_path / "losses.svg").read_text()
    assert {file.name for file in result.files} >= {
        "checkpoint.safetensors",
        "card.json",
        "weights.safetensors",
    }
    assert all(file.exists() for file in result.files)

    model = open_model(tmp_path / "model", device="cpu")
    assert isinstance(model, Generator)
    assert model.card.default_layer == "layer16b"
    assert model.card.world_hash == scenes.world("town").hash()
    assert model.card.config["lr_multiplier"] == 0.01
    with Image.open(grids[1]) as picture:
        last = np.asarray(picture)
    drawn = model.sample(9).pixels.astype(int)
    assert np.abs(drawn - last[16:32, 16:32]).max() <= 2


def test_half_precision_is_used_where_it_cannot_be_seen(tmp_path: Path) -> None:
    train_gan(RECIPE, tmp_path / "run", 5, options=options(16), device="cpu")
    kept = tmp_path / "kept.safetensors"
    written = export_generator(tmp_path / "run", tmp_path / "model", kept=kept)
    weights, _ = storage.load_tensors(tmp_path / "model" / "weights.safetensors")
    assert written.half == (written.grey_levels <= 1)
    assert all((value.dtype == torch.float16) == written.half for value in weights.values())
    more = train_gan(RECIPE, tmp_path / "more", 5, options=options(32, start=kept), device="cpu")
    assert more.images == 32
    with pytest.raises(FormatError, match="not a checkpoint"):
        export_generator(tmp_path / "model" / "weights.safetensors", tmp_path / "again")


def test_scenes_ahead_are_the_scenes_of_their_seeds_and_drawn_once(tmp_path: Path) -> None:
    def opened() -> ScenesAhead:
        return ScenesAhead(tmp_path, world="town", size=16, count=300, first_seed=40)

    ahead = opened()
    assert ahead.ready == 0
    ahead.draw(10)
    assert ahead.ready == 250
    again = opened()
    assert again.ready == 250
    with again:
        again.draw_in_background()
        again.draw(300)
    assert again.ready == 300
    for index in (0, 249, 250, 299):
        expected = scenes.world("town").scene(40 + index, size=16).picture
        assert np.array_equal(again.pictures(np.array([index]))[0], expected)


def test_recipes_survive_json_and_check_themselves() -> None:
    made = recipe("town", 128)
    assert made.size == 128 and not made.flips
    assert GanRecipe.from_json(json.loads(json.dumps(made.to_json()))) == made
    with pytest.raises(FormatError, match="not a recipe"):
        GanRecipe.from_json({**made.to_json(), "speed": 3})
    with pytest.raises(ValueRangeError, match="equal shards"):
        replace(made, batch=9)


def test_wrong_requests_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'town'"):
        train("twon", tmp_path, 1)
    with pytest.raises(UsageError, match="sizes 64, 128"):
        train("town", tmp_path, 1, size=100)
    with pytest.raises(UsageError, match="from scratch"):
        train("town-segmenter", tmp_path, 1, start="shipped")
    with pytest.raises(UsageError, match="An encoder is trained from scratch"):
        train("town-encoder", tmp_path, 1, start="shipped")
    with pytest.raises(UsageError, match="draws 64 pixels, got --size 128"):
        train("town-encoder", tmp_path, 1, size=128)
    with pytest.raises(ValueRangeError, match="0 minutes or more"):
        train_gan(RECIPE, tmp_path, -1)


def test_a_run_begins_small_and_grows_where_the_recipe_says(tmp_path: Path) -> None:
    growing = replace(RECIPE, growth={8: 24})
    assert [growing.size_at(images) for images in (0, 23, 24)] == [8, 8, 16]
    train_gan(growing, tmp_path, 5, options=options(16, sample_every=16), device="cpu")
    _, metadata = storage.load_tensors(tmp_path / "checkpoint.safetensors")
    assert json.loads(metadata["generator"])["resolution"] == 8
    train_gan(growing, tmp_path, 5, options=options(48, sample_every=16), device="cpu")
    _, metadata = storage.load_tensors(tmp_path / "checkpoint.safetensors")
    assert json.loads(metadata["generator"])["resolution"] == 16
    assert json.loads(metadata["discriminator"])["from_rgb"] == [8, 16]
    sizes = {}
    for grid in sorted((tmp_path / "samples").iterdir()):
        with Image.open(grid) as picture:
            sizes[int(grid.stem)] = picture.size[0]
    assert sizes == {16: 64, 32: 128, 48: 128}
    with pytest.raises(UnsupportedError, match="cannot shrink"):
        train_gan(replace(RECIPE, size=8), tmp_path, 5, options=options(64), device="cpu")


def test_scenes_whose_pictures_are_gone_are_drawn_again(tmp_path: Path) -> None:
    def opened() -> ScenesAhead:
        return ScenesAhead(tmp_path, world="town", size=16, count=250, first_seed=40)

    ahead = opened()
    ahead.draw(250)
    before = ahead.pictures(np.arange(3)).copy()
    next(tmp_path.rglob("pictures.u8")).unlink()
    again = opened()
    assert again.ready == 0
    again.draw(250)
    assert np.array_equal(again.pictures(np.arange(3)), before) and before.any()


def test_a_folder_where_scenes_cannot_be_kept_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="a file stands where a folder is needed"):
        ScenesAhead(tmp_path / "file", world="town", size=16, count=250, first_seed=40)


@pytest.mark.parametrize("minutes", [0, -1, float("inf"), float("nan")])
def test_minutes_are_a_number_above_zero(minutes: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="minutes"):
        train("town", tmp_path / "run", minutes)
    assert not (tmp_path / "run").exists()


def test_a_segmenter_comes_in_the_sizes_of_the_generator(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="64, 128, got 63"):
        train("town-segmenter", tmp_path / "run", 1, size=63)


@pytest.mark.parametrize(
    ("name", "recipe"), [("checkpoint", "town-encoder"), ("checkpoint", "town-segmenter"), ("state", "town")]
)
def test_a_folder_of_another_kind_of_training_is_refused(tmp_path: Path, name: str, recipe: str) -> None:
    (tmp_path / f"{name}.safetensors").write_text("x")
    with pytest.raises(FormatError, match="another training"):
        train(recipe, tmp_path, 1)


@pytest.mark.parametrize("presses", [0, 1, 2])
def test_the_first_ctrl_c_waits_until_a_step_is_whole(presses: int) -> None:
    done = []
    usual = signal.getsignal(signal.SIGINT)

    def step() -> None:
        with whole_steps():
            done.append("begun")
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
            done.append("whole")

    if presses:
        with pytest.raises(KeyboardInterrupt):
            step()
    else:
        step()
    assert done == (["begun"] if presses == 2 else ["begun", "whole"])
    assert signal.getsignal(signal.SIGINT) is usual
