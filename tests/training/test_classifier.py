from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

import inscape
from inscape.dissection.pruning import pruned
from inscape.errors import CancelledError, FormatError, NotFoundError, UnsupportedError, UsageError
from inscape.models import Card, open_model
from inscape.pictures import to_tensor
from inscape.progress import Task
from inscape.scenes import world
from inscape.scenes.tasks import task, task_of
from inscape.storage import load_tensors
from inscape.training import train
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.classifier import CHECK_SEED, ClassifierOptions, train_classifier
from inscape.training.export import export_classifier
from inscape.training.recipes import ClassifierRecipe, classifier_recipe
from inscape.training.retraining import Retraining
from inscape.training.train import _begun

RECIPE = ClassifierRecipe(
    "tiny",
    "town",
    "building",
    "residual_classifier",
    "head",
    16,
    {"widths": [8, 8], "blocks": [1, 1], "head": 8},
)
TINY = ClassifierOptions(steps=20, batch=4, rate=2e-3, scenes=120, check=60, save_every=3)
REPOSITORY = Path(inscape.__file__).parents[2]


class StopAfter:
    """Progress whose person asks to stop after some training steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @contextmanager
    def task(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        yield self if name.startswith("Training") else StopAfter(10**9)

    def advance(self, count: int = 1) -> None:
        self._left -= 1
        if self._left < 0:
            raise CancelledError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    return train_classifier(RECIPE, 1.0, out, device="cpu", options=TINY), out


def test_a_stopped_and_resumed_training_ends_where_an_uninterrupted_one_does(run, tmp_path):
    with pytest.raises(CancelledError):
        train_classifier(RECIPE, 1.0, tmp_path, device="cpu", options=TINY, progress=StopAfter(13))
    assert not (tmp_path / "card.json").exists()
    train_classifier(RECIPE, 1.0, tmp_path, device="cpu", options=TINY)
    for name in ("weights.safetensors", "moments/000064/weights.safetensors"):
        first, second = load_tensors(run[1] / name)[0], load_tensors(tmp_path / name)[0]
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_moments_that_double_are_models_of_their_own(run):
    result, out = run
    assert sorted(path.name for path in (out / "moments").iterdir()) == ["000000", "000032", "000064"]
    moment = open_model(out / "moments" / "000032", device="cpu")
    assert moment.card.training["steps"] == 8 and moment.card.training["images"] == 32
    assert next(moment.module.parameters()).dtype == torch.float32
    stored = load_tensors(out / "moments" / "000032" / "weights.safetensors")[0]
    assert stored["classify.weight"].dtype == torch.float16
    assert result.step == 20 and set(result.scores) == {"accuracy", "balanced", *task("building").classes}


def test_the_card_says_what_was_learned(run):
    card = Card.read(run[1] / "card.json")
    assert card.classes == task("building").classes and card.training["task"] == "building"
    assert card.default_layer == "head" and card.layer("head").units == 8
    assert card.world_hash == world("town").hash()


def test_the_scores_are_those_of_scenes_read_one_by_one(run):
    model, seeds = open_model(run[1], device="cpu"), range(CHECK_SEED, CHECK_SEED + TINY.check)
    scenes = [world("town").scene(seed, size=16) for seed in seeds]
    truth = [task("building").class_of(scene.factors) for scene in scenes]
    with torch.inference_mode():
        read = [int(model.module(to_tensor(scene.picture[None])).argmax()) for scene in scenes]
    right = [said == number for said, number in zip(read, truth, strict=True) if number is not None]
    assert 0 < sum(right) < len(right) < TINY.check
    assert run[0].scores["accuracy"] == pytest.approx(np.mean(right), abs=1e-4)
    barn = task("building").classes.index("barn")
    found = [said == barn for said, number in zip(read, truth, strict=True) if number == barn]
    assert run[0].scores["barn"] == pytest.approx(np.mean(found), abs=1e-4)


def test_the_global_random_state_is_left_alone(tmp_path):
    before = torch.get_rng_state()
    train_classifier(RECIPE, 1.0, tmp_path, device="cpu", options=replace(TINY, steps=1, check=10))
    assert torch.equal(before, torch.get_rng_state())


def test_a_training_on_the_same_classes_keeps_the_last_layer(run, tmp_path):
    options = replace(TINY, steps=1, rate=1e-9, average=0.0, seed=3)
    train_classifier(replace(RECIPE, start=str(run[1])), 1.0, tmp_path, device="cpu", options=options)
    old, new = (load_tensors(path / "weights.safetensors")[0] for path in (run[1], tmp_path))
    assert torch.allclose(old["classify.weight"].float(), new["classify.weight"].float(), atol=1e-3)


def test_a_training_can_begin_with_the_layers_of_another_task(run, tmp_path):
    season = replace(RECIPE, name="tiny-season", task="season", start=str(run[1]))
    options = replace(TINY, steps=1, rate=1e-9, average=0.0, seed=3)
    train_classifier(season, 1.0, tmp_path, device="cpu", options=options)
    old, new = (load_tensors(path / "weights.safetensors")[0] for path in (run[1], tmp_path))
    assert torch.allclose(
        old["head.convolution.weight"].float(), new["head.convolution.weight"].float(), atol=1e-3
    )
    assert old["classify.weight"].shape == (15, 8) and new["classify.weight"].shape == (4, 8)
    said = Card.read(tmp_path / "card.json").training["start"]
    assert (said["name"], said["task"]) == ("tiny", "building")


def test_what_cannot_be_trained_is_refused(run, tmp_path):
    for other in (replace(TINY, seed=5), replace(TINY, average=0.9)):
        with pytest.raises(FormatError, match="another world, size, seed or other options"):
            train_classifier(RECIPE, 1.0, run[1], device="cpu", options=other)
    with pytest.raises(
        FormatError, match="'tiny' is of architecture 'residual_classifier', and cannot start"
    ):
        train_classifier(replace(RECIPE, start="town-segmenter"), 1.0, tmp_path, device="cpu", options=TINY)
    wide = replace(RECIPE, config={**RECIPE.config, "head": 16}, start=str(run[1]))
    with pytest.raises(FormatError, match="'tiny' has other sizes than 'tiny'"):
        train_classifier(wide, 1.0, tmp_path, device="cpu", options=TINY)
    deep = replace(RECIPE, name="deep", config={**RECIPE.config, "blocks": [1, 2]}, start=str(run[1]))
    with pytest.raises(
        FormatError, match="'tiny' has other layers than 'deep': .* the first of them 'blocks"
    ):
        train_classifier(deep, 1.0, tmp_path, device="cpu", options=TINY)
    with pytest.raises(UsageError, match="reads pictures of 64 px, got --size 128"):
        train("town-classifier", tmp_path, 1.0, size=128)
    with pytest.raises(FormatError, match="which tells no classes"):
        export_classifier("src/inscape/models/zoo/town-encoder", tmp_path / "model")


def test_scenes_that_are_drawn_ahead_know_their_classes(run):
    scenes = ScenesAhead(run[1], world="town", size=16, count=120, first_seed=70_000_000, classified=True)
    drawn = [world("town").scene(70_000_000 + number, size=16) for number in range(20)]
    for name in ("building", "season"):
        truth = [task(name).class_of(scene.factors) for scene in drawn]
        assert scenes.classes(task(name))[:20].tolist() == [-1 if each is None else each for each in truth]
    assert np.array_equal(scenes.pictures(np.arange(20)), np.stack([scene.picture for scene in drawn]))


def test_scenes_of_no_class_are_left_out():
    drawn = {seed: world("town").scene(seed, size=16) for seed in range(60)}
    wanted = {seed: task("building").class_of(scene.factors) for seed, scene in drawn.items()}
    kept = [seed for seed, number in wanted.items() if number is not None]
    pictures, classes = task("building").classified(range(60), 16)
    assert len(kept) < 60 and classes.tolist() == [wanted[seed] for seed in kept]
    assert np.array_equal(pictures, np.stack([drawn[seed].picture for seed in kept]))


def test_scenes_that_are_drawn_ahead_belong_to_what_decides_their_classes(tmp_path, monkeypatch):
    season = task("season")
    turned = replace(season, decided={key: 3 - number for key, number in season.decided.items()})
    folders = []
    for each in (season, turned):
        monkeypatch.setattr("inscape.training._scenes_ahead.tasks_of", lambda name, each=each: [each])
        ahead = ScenesAhead(tmp_path, world="town", size=16, count=8, first_seed=0, classified=True)
        folders.append(ahead._plan.folder)
    assert folders[0] != folders[1]


def test_classes_follow_from_the_choices_behind_a_scene():
    building = task("building")
    assert building.class_of({"plan": "church", "top": "spire"}) == building.classes.index(
        "church with a spire"
    )
    assert building.class_of({"plan": "barn", "top": "none"}) == building.classes.index("barn")
    assert building.class_of({"plan": "barn", "top": "battlement"}) is None
    assert len(building.classes) == 15 and task_of("town", building.classes) is building
    assert task_of("town", ("a", "b")) is None
    with pytest.raises(NotFoundError, match="no task 'seasons' of the world 'town'; did you mean 'season'"):
        task("seasons")


def test_a_run_is_exported_with_its_moments(run, tmp_path):
    model = export_classifier(run[1], tmp_path / "model", moments=tmp_path / "moments")
    assert open_model(model, device="cpu").name == "tiny"
    assert sorted(path.name for path in (tmp_path / "moments").iterdir()) == ["000000", "000032", "000064"]


def test_retraining_leaves_what_is_gone_at_zero(run):
    model = open_model(run[1], device="cpu")
    copy = pruned(model, 0.5)
    before = copy.model.module.classify.weight.detach().clone()
    again = Retraining(model, scenes=40)(copy, 3)
    after = again.module.classify.weight.detach()
    assert torch.equal(before == 0, after == 0) and not torch.equal(before, after)
    assert not again.module.training
    with pytest.raises(UnsupportedError, match="tells no classes of a world apart"):
        Retraining(open_model("town-segmenter", device="cpu"))


@pytest.mark.parametrize(
    ("place", "name", "start"),
    [
        ("src/inscape/models/zoo/town-classifier", "town-classifier", "scratch"),
        ("src/inscape/models/zoo/town-classifier-vit", "town-classifier-vit", "scratch"),
        ("checkpoints/town-classifier-season", "town-classifier-season", "shipped"),
        ("checkpoints/town-classifier-same", "town-classifier", "shipped"),
    ],
)
def test_what_was_trained_is_what_the_recipe_trains(place, name, start):
    card = Card.read(REPOSITORY / place / "card.json")
    recipe = _begun(classifier_recipe(name), start, None)
    options = asdict(ClassifierOptions.of(recipe, seed=card.training["seed"], images=card.training["images"]))
    assert options == {**card.training["options"], "seed": card.training["seed"]}
    assert (card.name, card.world, card.architecture) == (name, recipe.world, recipe.architecture)
    assert card.classes == task(recipe.task, recipe.world).classes
    assert card.default_layer == recipe.layer and recipe.layer in [layer.name for layer in card.layers]
    assert card.training.get("start", {}).get("name", "scratch") == recipe.start
