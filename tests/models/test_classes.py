"""Conditional generators: which class a seed is drawn in, and what is done to those that do not exist."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from inscape.dissection import dissect
from inscape.dissection.variants import Series
from inscape.editing import Recipe, replay
from inscape.errors import LatentError, NotFoundError, UnsupportedError, ValueRangeError
from inscape.pictures import Latent
from small_generators import small_generator
from studio.conftest import ByUnits

NAMES = ("cat", "dog", "great owl")


@pytest.fixture(scope="module")
def model():
    return small_generator(classes=NAMES)


def test_both_halves_of_a_dissection_see_every_class(model):
    drawn = model.classes_of(range(12))
    assert drawn == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]
    assert set(drawn[::2]) == set(drawn[1::2]) == {0, 1, 2}
    assert model.with_classes([2, 0]).classes_of([0, 1, 2, 3, 7]) == [2, 2, 0, 0, 0]
    assert small_generator().classes_of(range(3)) is None


def test_a_seed_is_drawn_in_its_own_class_or_in_the_one_that_is_asked_for(model):
    own, chosen = model.sample(2), model.sample(2, class_index=1)
    assert own.latent.class_index == 1 and np.array_equal(own.pixels, chosen.pixels)
    other = model.sample(2, class_index=0)
    assert not np.array_equal(other.pixels, own.pixels)
    assert np.array_equal(model.with_classes([0]).sample(2).pixels, other.pixels)
    w = model.to_w(model.latents([2]), classes=[0])
    assert torch.equal(model.w_of(other.latent), w)


def test_narrowing_leaves_the_generator_as_it_was(model):
    narrowed = model.with_classes([2])
    assert narrowed.module is model.module and narrowed.classes == (2,) and model.classes == ()


def test_classes_that_do_not_exist_are_refused(model):
    for wrong, came in (([3], "3"), ([-1, 0], "-1"), ([], "none")):
        with pytest.raises(ValueRangeError, match=f"has the classes 0 to 2, got {came}"):
            model.with_classes(wrong)
    with pytest.raises(ValueRangeError, match="a class from 0 to 2"):
        model.render(Latent("z", np.zeros(8, np.float32), 1.0, 7))
    with pytest.raises(UnsupportedError, match="has no classes to choose from"):
        small_generator().sample(0, class_index=0)
    with pytest.raises(LatentError, match="Only a latent of kind 'z' has a class"):
        Latent("w", np.zeros(8, np.float32), 1.0, 0)


def test_a_class_has_a_name_or_a_number(model):
    card = model.card
    assert [card.class_index(name) for name in ("great owl", "0", "2")] == [2, 0, 2]
    with pytest.raises(NotFoundError, match="no class 'dgo' in model 'small'; did you mean 'dog'"):
        card.class_index("dgo")
    with pytest.raises(NotFoundError, match="no class '3'"):
        card.class_index("3")
    with pytest.raises(NotFoundError, match="has the classes 0 to 2, got '3'"):
        card.model_copy(update={"classes": ()}).class_index("3")
    with pytest.raises(NotFoundError, match="has no classes, got '0'"):
        small_generator().card.class_index("0")


def test_a_recipe_carries_the_class(model):
    picture = model.sample(3, class_index=2)
    document = json.loads(json.dumps(Recipe.of(model, picture.latent, seed=3).to_json()))
    assert document["latent"]["class_index"] == 2
    assert np.array_equal(replay(document, model=model).pixels, picture.pixels)


def test_what_is_measured_is_drawn_in_the_chosen_classes(model):
    narrowed = model.with_classes([2])
    drawn = Series.of(narrowed, "layer16a", 2, {}).variants([5, 6]).draw()
    expected = model.images(model.to_w(model.latents([5, 6]), classes=[2, 2])).clamp(-1, 1)
    assert torch.allclose(drawn, expected, atol=1e-6)


def test_a_dissection_says_which_classes_it_has_seen(model, tmp_path):
    labels = ByUnits(model, "layer16a")
    reports = [
        dissect(each, "layer16a", images=6, segmenter=labels, cache=tmp_path)
        for each in (model, model.with_classes([1]))
    ]
    assert [report.classes for report in reports] == [(), (1,)]
    assert not torch.equal(reports[0].values.mean, reports[1].values.mean)
    folder = reports[1].save(tmp_path / "report")
    assert type(reports[1]).load(folder).classes == (1,)
    assert "classes 1" in (folder / "index.html").read_text(encoding="utf-8")
