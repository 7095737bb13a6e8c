from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from inscape.dissection.pruning import pruned
from inscape.errors import CancelledError, FormatError, NotFoundError, UnsupportedError, UsageError
from inscape.models import Card, open_model
from inscape.progress import Task
from inscape.scenes import world
from inscape.scenes.tasks import task, task_of
from inscape.storage import load_tensors
from inscape.training import train
from inscape.training._scenes_ahead import ScenesAhead
from inscape.training.classifier import ClassifierOptions, train_classifier
from inscape.training.export import export_classifier
from inscape.training.recipes import ClassifierRecipe, classifier_recipe
from inscape.training.retraining import Retraining

RECIPE = ClassifierRecipe(
    "tiny",
    "town",
    "building",
    "residual_classifier",
    "head",
    16,
    {"widths": [8, 8], "blocks": [1, 1], "head": 8},
)
TINY = ClassifierOptions(steps=20, batch=4, scenes=120, check=20, save_every=3)


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


def test_a_training_can_begin_with_the_layers_of_another_task(run, tmp_path):
    season = replace(RECIPE, name="tiny-season", task="season", start=str(run[1]))
    options = replace(TINY, steps=1, rate=1e-9, average=0.0)
    train_classifier(season, 1.0, tmp_path, device="cpu", options=options)
    old, new = (load_tensors(path / "weights.safetensors")[0] for path in (run[1], tmp_path))
    assert torch.allclose(
        old["head.convolution.weight"].float(), new["head.convolution.weight"].float(), atol=1e-3
    )
    assert old["classify.weight"].shape == (15, 8) and new["classify.weight"].shape == (4, 8)
    said = Card.read(tmp_path / "card.json").training["start"]
    assert (said["name"], said["task"]) == ("tiny", "building")


def test_what_cannot_be_trained_is_refused(run, tmp_path):
    with pytest.raises(FormatError, match="another world, size, seed or other options"):
        train_classifier(RECIPE, 1.0, run[1], device="cpu", options=replace(TINY, seed=5))
    with pytest.raises(
        FormatError, match="'tiny' is of architecture 'residual_classifier', and cannot start"
    ):
        train_classifier(replace(RECIPE, start="town-segmenter"), 1.0, tmp_path, device="cpu", options=TINY)
    wide = replace(RECIPE, config={**RECIPE.config, "head": 16}, start=str(run[1]))
    with pytest.raises(FormatError, match="'tiny' has other sizes than 'tiny'"):
        train_classifier(wide, 1.0, tmp_path, device="cpu", options=TINY)
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


@pytest.mark.parametrize("name", ["town-classifier", "town-classifier-vit", "town-classifier-season"])
def test_shipped_recipes_name_a_task_and_a_layer(name):
    recipe = classifier_recipe(name)
    assert recipe is not None and recipe.name == name
    assert task(recipe.task, recipe.world).world == "town"
