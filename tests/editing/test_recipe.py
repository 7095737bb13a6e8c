from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import inscape
from inscape.editing import EditStack, Recipe, UnitEdit, replay
from inscape.errors import InscapeError, RecipeError
from inscape.models.weights import current_weights_hash, replaced, weights_hash
from inscape.pictures import Latent
from inscape.regions import Region
from small_generators import small_generator


def painted(model, seed=4):
    picture = model.sample(seed)
    mask = Region.from_mask(np.random.RandomState(0).rand(9, 9).astype(np.float32))
    stack = EditStack(
        [
            UnitEdit("layer16a", (0, 3), np.array([3.3, -1.1]), mask, 0.7),
            UnitEdit("layer8b", (2,), mode="remove", region=inscape.box(3, 4, 10, 20)),
            UnitEdit("layer32a", (1,), np.array([9.0])),
        ]
    )
    stack.hide(2)
    return picture, stack, model.render(picture.latent, stack.edits)


def test_a_picture_is_replayed_byte_for_byte_from_json_and_from_png(tmp_path):
    model = small_generator()
    picture, stack, after = painted(model)
    recipe = Recipe.of(model, picture.latent, stack, seed=4)
    recipe.save(tmp_path / "recipe.json")
    after.save(tmp_path / "painted.png", recipe=recipe.to_json())
    for source in (recipe, recipe.to_json(), tmp_path / "recipe.json", str(tmp_path / "painted.png")):
        again = replay(source, model=small_generator())
        assert again.pixels.tobytes() == after.pixels.tobytes()
        assert again.seed == 4
    assert (after.pixels != picture.pixels).any()


def test_a_recipe_keeps_hidden_edits():
    model = small_generator()
    picture, stack, _ = painted(model)
    again = Recipe.from_json(json.loads(json.dumps(Recipe.of(model, picture.latent, stack).to_json())))
    assert again.edits.entries == stack.entries
    assert again.latent.values.tobytes() == picture.latent.values.tobytes()


def test_the_hash_of_weights_follows_the_weights():
    assert weights_hash(small_generator(0).module) == weights_hash(small_generator(0).module)
    assert weights_hash(small_generator(0).module) != weights_hash(small_generator(1).module)


def test_the_hash_of_weights_is_the_one_that_files_of_earlier_versions_hold():
    module = torch.nn.Linear(2, 1)
    module.load_state_dict({"weight": torch.tensor([[1.0, -2.0]]), "bias": torch.tensor([0.5])})
    assert weights_hash(module) == "103b2b56247c242f1ed6971f665f9cfcdbdfd3fc85f536e0b1ed7dbbf796291e"


def test_the_hash_names_the_network_without_its_edits():
    model = small_generator()
    before, parameter = weights_hash(model.module), next(model.module.parameters())
    assert current_weights_hash(model.module) == before
    with replaced(model.module, parameter, parameter.data + 1):
        assert weights_hash(model.module) == before != current_weights_hash(model.module)
    parameter.data.add_(1)
    assert weights_hash(model.module) == current_weights_hash(model.module) != before


def test_a_model_that_is_not_here_or_was_trained_again_is_said(monkeypatch):
    model = small_generator(name="small")
    document = Recipe.of(model, model.sample(0).latent).to_json()
    with pytest.raises(RecipeError, match="The model of the recipe cannot be opened: no model 'small'"):
        replay(document)
    monkeypatch.setattr("inscape.models.names", lambda: ["small"])
    monkeypatch.setattr("inscape.models.open_model", lambda name, device: small_generator(1))
    with pytest.raises(RecipeError, match="other weights of 'small'"):
        replay(document)
    newer = small_generator(1)
    former = {document["model_hash"]: 1}
    newer.card = newer.card.model_copy(update={"version": 2, "former": former})
    monkeypatch.setattr("inscape.models.open_model", lambda name, device: newer)
    with pytest.raises(RecipeError, match="made with version 1 of 'small'; version 2 is installed"):
        replay(document)
    monkeypatch.setattr("inscape.models.open_model", lambda name, device: small_generator(0))
    assert replay(document).pixels.tobytes() == model.sample(0).pixels.tobytes()


def test_a_recipe_never_opens_a_path_that_it_names(tmp_path, monkeypatch):
    document = Recipe.of(small_generator(), small_generator().sample(0).latent).to_json()
    monkeypatch.setattr("inscape.models.open_model", lambda *_, **__: pytest.fail("it was opened"))
    (tmp_path / "card.json").write_text("{}")
    with pytest.raises(RecipeError, match="cannot be opened"):
        replay({**document, "model": str(tmp_path)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 2}, "schema_version 1, got '2'"),
        ({"schema_version": True}, "schema_version 1"),
        ({"model": None}, "'model' of a recipe is a text"),
        ({"model_hash": "x" * 300}, "'model_hash' of a recipe"),
        ({"latent": [1, 2]}, "latent of a recipe is an object"),
        ({"latent": {"kind": "z", "values": [[1]]}}, "latent of the recipe cannot be used"),
        ({"latent": {"kind": "v", "values": [1]}}, "'z', 'w' or 'w\\+'"),
        ({"latent": {"kind": "z", "values": ["a"]}}, "latent is an object"),
        ({"edits": {}}, "list of at most"),
        ({"edits": [None]}, "is an object"),
        ({"edits": [{"kind": "facts"}]}, "no kind of edit 'facts'"),
        ({"edits": [{"kind": "weights"}]}, "A weight edit has the fields"),
        ({"edits": [{"region": {"mask": "", "height": 4096, "width": 4096}}] * 5}, "cells together"),
        ({"edits": [{"region": {"mask": "", "height": "1", "width": 4096}}]}, "whole numbers"),
        ({"seed": -1}, "seed of a recipe"),
        ({"import": "os"}, "no field 'import'"),
    ],
)
def test_a_malformed_recipe_is_refused_in_a_sentence(change, words):
    document = Recipe.of(small_generator(), small_generator().sample(0).latent).to_json()
    with pytest.raises(RecipeError, match=words):
        Recipe.from_json({**document, **change})


def test_what_is_missing_is_named():
    with pytest.raises(RecipeError, match="needs the field 'edits'"):
        Recipe.from_json({"schema_version": 1, "model": "m", "model_hash": "h", "latent": {}})


def test_files_that_hold_no_recipe_are_refused(tmp_path):
    with pytest.raises(RecipeError, match="cannot be read"):
        Recipe.load(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("not a recipe")
    with pytest.raises(RecipeError, match="neither a recipe nor a PNG"):
        Recipe.load(tmp_path / "text.json")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(RecipeError, match="neither a recipe nor a PNG"):
        Recipe.load(tmp_path / "deep.json")
    small_generator().sample(0).save(tmp_path / "plain.png")
    with pytest.raises(RecipeError, match="holds no recipe"):
        Recipe.load(tmp_path / "plain.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "plain.png").read_bytes()[:40])
    with pytest.raises(RecipeError, match="ends early"):
        Recipe.load(tmp_path / "cut.png")


def test_a_latent_of_another_generator_is_refused():
    model = small_generator()
    recipe = Recipe.of(model, Latent("z", np.zeros(5, np.float32)))
    with pytest.raises(InscapeError, match="8 numbers"):
        replay(recipe, model=model)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["schema_version", "model", "model_hash", "seed", "latent", "edits"]),
    json_values,
    st.sampled_from(["layer", "units", "values", "region", "strength", "mode", "hidden", "concept", "kind"]),
    json_values,
)
def test_whatever_stands_in_a_field_only_a_recipe_error_comes_of_it(field, value, edit_field, edit_value):
    edit = UnitEdit("layer8a", (1,), np.array([1.0])).to_json()
    document = {
        "schema_version": 1,
        "model": "small",
        "model_hash": "0",
        "seed": 1,
        "latent": Latent("z", np.zeros(8, np.float32)).to_json(),
        "edits": [{**edit, edit_field: edit_value}],
    }
    for recipe in (document, {**document, "edits": [edit], field: value}):
        with contextlib.suppress(RecipeError):
            Recipe.from_json(recipe)
