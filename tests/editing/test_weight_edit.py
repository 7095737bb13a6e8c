from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch

import inscape
from inscape.editing import (
    EditStack,
    Recipe,
    UnitEdit,
    WeightEdit,
    load_edit,
    replay,
    save_edit,
)
from inscape.errors import ConflictError, LayerError, RecipeError, ShapeError, ValueRangeError
from inscape.models import write_model
from inscape.models.weights import current_weights_hash, weights_hash
from inscape.pictures import Picture
from small_generators import small_generator


def an_edit(model, layer="layer16a", seed=0, **fields):
    memory = model.module_of(layer)
    outputs, inputs, height, width = memory.weight.shape
    draws = np.random.RandomState(seed)
    directions = np.linalg.qr(draws.normal(size=(inputs, 2)))[0].T
    return WeightEdit(
        layer,
        f"{model.layer(layer).module}.weight",
        directions,
        draws.normal(size=(outputs, 2, height, width)),
        weights=weights_hash(model.module),
        **fields,
    )


def state_of(model):
    return {name: value.clone() for name, value in model.module.state_dict().items()}


def same(model, state):
    return all(torch.equal(value, state[name]) for name, value in model.module.state_dict().items())


def test_the_weights_are_changed_inside_the_block_and_the_very_same_after_it():
    model = small_generator()
    edit, before = an_edit(model, strength=0.5), state_of(model)
    kept = model.module_of("layer16a").weight.data
    with model.edited([edit]):
        changed = model.module_of("layer16a").weight
        assert torch.allclose(changed, kept + 0.5 * edit.change(), atol=1e-6)
    assert model.module_of("layer16a").weight.data.data_ptr() == kept.data_ptr() and same(model, before)
    with pytest.raises(RuntimeError, match="inside"), model.edited([edit]):
        raise RuntimeError("inside")
    assert same(model, before)


def test_a_thousand_random_stacks_end_bit_identical():
    model = small_generator()
    before, first = state_of(model), model.sample(3).pixels
    edits = [
        an_edit(model, layer, seed)
        for seed, layer in enumerate(("layer8a", "layer16a", "layer16b", "layer16a"))
    ]
    stack, choose = EditStack(), random.Random(0)
    w = model.to_w(model.latents([3]))
    for step in range(1000):
        action = choose.choice(["add", "hide", "show", "move", "undo", "undo", "redo", "scale", "remove"])
        count = len(stack)
        action = "remove" if count > 6 else action  # or it grows to a hundred, which tests nothing more
        if action == "add" or not count:
            stack.add(choose.choice(edits))
        elif action in ("hide", "show"):
            stack.hide(choose.randrange(count), action == "hide")
        elif action == "move":
            stack.move(choose.randrange(count), choose.randrange(count))
        elif action == "remove":
            stack.remove(choose.randrange(count))
        elif action == "scale":
            stack.add(choose.choice(edits).scaled(choose.uniform(0, 2)))
        else:
            getattr(stack, action)()
        with stack.applied(model):
            if step % 100 == 0:
                model.images(w)
    assert same(model, before)
    while stack.undo():
        pass
    with stack.applied(model):
        assert np.array_equal(model.sample(3).pixels, first)


def test_two_edits_of_a_layer_add_up():
    model = small_generator()
    one, two = an_edit(model, seed=1), an_edit(model, seed=2)
    weight = model.module_of("layer16a").weight.clone()
    with model.edited([one, two]):
        assert torch.allclose(
            model.module_of("layer16a").weight, weight + one.change() + two.change(), atol=1e-5
        )


def test_an_edit_comes_back_equal_from_its_file(tmp_path):
    edit = an_edit(small_generator(), strength=1.5, name="a rule", made={"rank": 2, "loss": 0.25})
    path = edit.save(tmp_path / "rule.edit.safetensors")
    again = load_edit(path)
    assert again == edit and again.made == edit.made and hash(again) == hash(edit)
    assert again != edit.scaled(1.0)
    assert save_edit(again, tmp_path / "again.edit.safetensors").read_bytes() == path.read_bytes()


def test_a_recipe_with_a_rule_is_replayed_byte_for_byte(tmp_path):
    model = small_generator()
    picture = model.sample(5)
    edits = [an_edit(model), UnitEdit("layer16b", (1, 2), np.array([2.0, -1.0]))]
    after = model.render(picture.latent, edits)
    path = Recipe.of(model, picture.latent, edits, seed=5).save(tmp_path / "r.json")
    assert isinstance(after, Picture)
    assert replay(path, model=model).pixels.tobytes() == after.pixels.tobytes()
    assert after.pixels.tobytes() != picture.pixels.tobytes()


def test_an_edit_for_other_weights_is_refused_unless_it_is_transferred():
    model, other = small_generator(0), small_generator(1)
    edit, before = an_edit(model), state_of(other)
    with pytest.raises(ConflictError, match="other weights than those of 'small'"), other.edited([edit]):
        pass
    with other.edited([edit.transferred()]):
        assert not same(other, before)
    assert same(other, before)


def test_an_edit_fits_over_a_transferred_one():
    model, fresh = small_generator(), small_generator()
    with model.edited([an_edit(fresh, seed=1).transferred(), an_edit(fresh, seed=2)]):
        pass
    assert weights_hash(model.module) == weights_hash(fresh.module)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"layer": "layer9"}, LayerError, "no layer 'layer9'"),
        ({"layer": "layer8a"}, LayerError, "has no weights 'synthesis.b16.conv0.weight'"),
        ({"directions": np.eye(2, 11)}, ShapeError, r"\[8, 11, 3, 3\]; those of this layer .* \[8, 12"),
        ({"directions": np.eye(2)[0]}, ShapeError, "directions \\[rank, inputs\\]"),
        ({"directions": np.full((2, 12), np.nan)}, ValueRangeError, "finite"),
        ({"strength": 9}, ValueRangeError, "between 0 and 4, got 9"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(change, error, words):
    from dataclasses import replace

    model = small_generator()
    with pytest.raises(error, match=words):
        replace(an_edit(model), weights="", **change).check(model)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "wieghts"}, "no kind of edit"),
        ({"directions": [1, 2]}, "is {shape, data}"),
        ({"directions": {"shape": [2**13, 2**14], "data": ""}}, "holds 1 to"),
        ({"directions": {"shape": [2, 12], "data": "eJwDAAAAAAE="}}, "must hold"),
        ({"directions": {"shape": [2, 12], "data": "no"}}, "is {shape, data}"),
        ({"strength": True}, "strength of a weight edit is a number"),
        ({"swapped": 1}, "true or false"),
        ({"layer": 3}, "are texts"),
        ({"import": "os"}, "'import' is missing or unknown"),
        ({"strength": float("inf")}, "between 0 and 4"),
    ],
)
def test_a_malformed_edit_is_refused_in_a_sentence(change, words):
    from inscape.editing import edit_from_json

    document = json.loads(json.dumps(an_edit(small_generator()).to_json()))
    with pytest.raises(RecipeError, match=words):
        edit_from_json({**document, **change})


def test_an_edit_goes_from_a_network_to_its_converted_copy_and_back(tmp_path):
    model = inscape.open("town", device="cpu")
    copy = inscape.open(write_model(model, tmp_path / "town.pt").path, device="cpu")
    assert weights_hash(copy.module) == weights_hash(model.module)
    edit = an_edit(copy, "layer16b", name="spires grow trees")
    assert edit.check(model).name == "layer16b"
    copy.module.synthesis.b16.conv1.bias.data[0] += 1
    assert current_weights_hash(copy.module) != weights_hash(model.module)


def test_an_edit_is_refused_by_its_name_and_layer():
    model, other = small_generator(), small_generator(1)
    with pytest.raises(ConflictError, match=r"^The edit 'spires' of layer 'layer16a' was made for other"):
        an_edit(model, name="spires").check(other)
    with pytest.raises(ConflictError, match=r"^The edit of layer 'layer16a' was made for other weights"):
        an_edit(model).check(other)
