from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import inscape
from inscape.editing import UnitEdit
from inscape.errors import LayerError, RecipeError, RegionError, ShapeError, UnitError, ValueRangeError
from inscape.regions import Region
from small_generators import small_generator


def slow_transform(features, units, values, weights):
    """The definition, one number at a time."""
    result = features.clone()
    for picture in range(features.shape[0]):
        for unit, value in zip(units, values, strict=True):
            for y in range(features.shape[2]):
                for x in range(features.shape[3]):
                    alpha = weights[y][x]
                    result[picture, unit, y, x] = (1 - alpha) * features[picture, unit, y, x] + alpha * value
    return result


def test_transform_is_the_definition():
    features = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    box = inscape.box(4, 8, 9, 16)
    painted = UnitEdit("layer", (3, 1), np.array([2.0, -1.0]), box, strength=0.75).transform(features, 32)
    weights = box.mask(4, 4, image_size=32).double() * 0.75
    assert torch.allclose(painted, slow_transform(features, (3, 1), (2.0, -1.0), weights))


def test_full_strength_gives_exactly_the_values_and_none_changes_nothing():
    features = torch.randn(1, 4, 3, 3)
    values = np.array([0.1, 1e6], np.float32)
    painted = UnitEdit("layer", (0, 2), values).transform(features)
    assert (painted[0, 0] == torch.tensor(values[0])).all() and (painted[0, 2] == 1e6).all()
    assert torch.equal(painted[:, [1, 3]], features[:, [1, 3]])
    assert torch.equal(UnitEdit("layer", (0, 2), values, strength=0).transform(features), features)


def test_removing_goes_to_zero_and_what_came_in_stays():
    features = torch.randn(2, 4, 3, 3)
    before = features.clone()
    off = UnitEdit("layer", (1,), mode="remove").transform(features)
    assert (off[:, 1] == 0).all()
    assert torch.equal(features, before)


def test_features_without_places_are_one_cell():
    features = torch.randn(3, 4)
    edit = UnitEdit("layer", (1,), mode="remove")
    assert (edit.transform(features, axes=("unit",))[:, 1] == 0).all()
    with pytest.raises(ShapeError, match="batch, unit, height, width"):
        edit.transform(features[:, :, None])


def test_applied_restores_every_byte_even_after_an_error():
    model = small_generator()
    before = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
    picture = model.sample(3)
    edit = UnitEdit("layer16a", (0, 1, 2), np.full(3, 4.0), inscape.box(8, 8, 16, 16))
    painted = model.render(picture.latent, [edit])
    assert (painted.pixels != picture.pixels).any()
    with pytest.raises(RuntimeError, match="on purpose"), edit.applied(model):
        raise RuntimeError("on purpose")
    assert model.render(picture.latent).pixels.tobytes() == picture.pixels.tobytes()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.module.state_dict().items())
    assert not any(module._forward_hooks for module in model.module.modules())


def test_an_edit_changes_only_what_lies_within_reach_of_its_region():
    model = small_generator()
    picture = model.sample(3)
    edit = UnitEdit("layer32a", (0, 1, 2), np.full(3, 9.0), inscape.box(0, 0, 8, 8))
    changed = (model.render(picture.latent, [edit]).pixels != picture.pixels).any(-1)
    assert changed[:8, :8].mean() > 0.9
    assert not changed[12:].any() and not changed[:, 12:].any()


def test_overlapping_edits_compose_in_order():
    model = small_generator()
    picture = model.sample(1)
    low = UnitEdit("layer16a", (0, 1), np.array([5.0, 5.0]), strength=0.5)
    high = UnitEdit("layer16a", (1, 2), np.array([-5.0, 5.0]), strength=1.0)
    one, other = model.render(picture.latent, [low, high]), model.render(picture.latent, [high, low])
    assert (one.pixels != other.pixels).any()
    features = torch.randn(1, 8, 16, 16)
    stacked = high.transform(low.transform(features))
    assert (stacked[:, 1] == -5).all()
    assert torch.allclose(stacked[:, 0], 0.5 * features[:, 0] + 2.5)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=8, unique=True),
    st.floats(0, 1),
    st.sampled_from(["draw", "remove"]),
    st.integers(0, 2**32 - 1),
)
def test_what_is_saved_is_equal_and_does_the_same(units, strength, mode, seed):
    random = np.random.RandomState(seed)
    region = Region.from_mask(random.rand(random.randint(1, 9), random.randint(1, 9)).astype(np.float32))
    values = (random.standard_normal(len(units)) * 10).astype(np.float32)
    edit = UnitEdit("layer8a", tuple(units), values, region, strength, mode, concept="door")
    again = UnitEdit.from_json(edit.to_json())
    assert again == edit and hash(again) == hash(edit)
    features = torch.from_numpy(random.standard_normal((1, 501, 4, 4)).astype(np.float32))
    assert torch.equal(again.transform(features), edit.transform(features))


def test_edits_that_differ_anywhere_are_not_equal():
    edit = UnitEdit("layer8a", (1,), np.array([1.0]))
    others = [
        UnitEdit("layer8b", (1,), np.array([1.0])),
        UnitEdit("layer8a", (2,), np.array([1.0])),
        UnitEdit("layer8a", (1,), np.array([1.5])),
        UnitEdit("layer8a", (1,), np.array([1.0]), inscape.box(0, 0, 1, 1)),
        UnitEdit("layer8a", (1,), np.array([1.0]), strength=0.5),
        UnitEdit("layer8a", (1,), mode="remove"),
    ]
    assert len({edit, *others}) == 7


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"units": ()}, UnitError, "names 1 to"),
        ({"units": (1, 1)}, UnitError, "each is named once"),
        ({"units": (-1, 2)}, UnitError, "whole numbers from 0"),
        ({"values": np.ones(3)}, ShapeError, "one value for each of 2 units"),
        ({"values": np.array([1.0, np.nan])}, ValueRangeError, "finite"),
        ({"strength": 1.5}, ValueRangeError, "between 0 and 1, got 1.5"),
        ({"strength": float("nan")}, ValueRangeError, "between 0 and 1"),
        ({"mode": "paint"}, ValueRangeError, "'draw', 'add' or 'remove', got 'paint'"),
    ],
)
def test_an_impossible_edit_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        UnitEdit(**{"layer": "layer8a", "units": (0, 1), "values": np.ones(2), **arguments})


def test_an_edit_that_does_not_fit_the_model_is_refused():
    model = small_generator()
    beyond, misspelt = UnitEdit("layer16a", (8,), mode="remove"), UnitEdit("layr16a", (1,), mode="remove")
    with pytest.raises(UnitError, match="units 0 to 7, got 8"), beyond.applied(model):
        pass
    with pytest.raises(LayerError, match="did you mean 'layer16a'"), misspelt.applied(model):
        pass
    outside = UnitEdit("layer16a", (0,), np.ones(1), inscape.box(30, 0, 8, 8))
    with pytest.raises(RegionError, match="outside the picture of 32 × 32"), outside.applied(model):
        pass


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer": 5}, "names of at most"),
        ({"units": "0,1"}, "list of whole numbers"),
        ({"units": [0.5]}, "list of whole numbers"),
        ({"units": [True]}, "list of whole numbers"),
        ({"units": [10**30]}, "wrong type|whole"),
        ({"values": ["import os"]}, "wrong type"),
        ({"values": [[1.0]]}, "one value for each"),
        ({"region": {"box": [0, 0, -1, 5]}}, "wider and higher"),
        ({"region": {"mask": "!", "height": 1, "width": 1}}, "A region is"),
        ({"region": 7}, "wrong type|A region is"),
        ({"strength": "1"}, "is a number"),
        ({"strength": 2}, "between 0 and 1"),
        ({"mode": "__import__"}, "'draw', 'add' or 'remove'"),
        ({"class": "os.system"}, "got 'class' too"),
    ],
)
def test_a_malformed_edit_is_refused_in_a_sentence(change, words):
    good = UnitEdit("layer8a", (1,), np.array([1.0])).to_json()
    with pytest.raises(RecipeError, match=words):
        UnitEdit.from_json({**good, **change})


def test_a_missing_field_is_named():
    with pytest.raises(RecipeError, match="needs the field 'layer'"):
        UnitEdit.from_json({"kind": "units", "units": [1], "values": [1.0]})
