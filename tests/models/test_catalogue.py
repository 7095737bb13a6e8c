"""`inscape models`: what it lists opens by the name that it is listed under."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

import inscape
from inscape import storage
from inscape.cli.main import run
from inscape.models.catalogue import catalogue, studio_models
from models.foreign import nvidia, rosinality, small_stylegan2
from models.test_any_module import EXAMPLE
from small_generators import small_generator


def listed(origin: str) -> list[str]:
    return [each.name for each in catalogue() if each.origin == origin]


def test_a_checkpoint_is_listed_under_its_path_once_it_was_opened(tmp_path):
    path = nvidia(small_stylegan2(c_dim=3), tmp_path / "a church.pkl")
    assert listed("cache") == []
    inscape.open(path, device="cpu")
    (name,) = listed("cache")
    assert name == str(path.resolve())
    assert inscape.open(name, device="cpu").name == "a church"


def test_a_file_that_moved_is_listed_where_it_was_opened_last(tmp_path):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    inscape.open(path, device="cpu")
    moved = shutil.move(path, tmp_path / "chapel.pkl")
    assert listed("cache") == []
    inscape.open(moved, device="cpu")
    assert listed("cache") == [str(moved.resolve())]


def test_a_file_with_other_content_is_not_listed_as_what_it_was(tmp_path):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    inscape.open(path, device="cpu")
    nvidia(small_stylegan2(resolution=8, channels={4: 8, 8: 6}), path)
    assert listed("cache") == []
    inscape.open(path, device="cpu")
    (found,) = [each for each in catalogue() if each.origin == "cache"]
    assert found.card.image_size == 8


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"path": 3}', b'{"path": "/nowhere"}', b"\xff"])
def test_a_spoilt_entry_is_left_out_and_mended_when_it_is_opened(tmp_path, spoilt):
    path = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    inscape.open(path, device="cpu")
    (source,) = (storage.cache_folder() / "models").glob("*/source.json")
    source.write_bytes(spoilt)
    assert listed("cache") == []
    inscape.open(path, device="cpu")
    assert listed("cache") == [str(path.resolve())]


def test_models_of_plug_ins_and_of_the_studio_are_listed(monkeypatch, home):
    monkeypatch.syspath_prepend(EXAMPLE)
    model = small_generator()
    folder = studio_models(home) / "small"
    model.card.write(folder / "card.json")
    storage.save_tensors(folder / "weights.safetensors", model.module.state_dict())
    (studio_models(home) / "broken").mkdir()
    (studio_models(home) / "broken" / "card.json").write_text("{}")
    with pytest.warns(RuntimeWarning) as caught:
        assert listed("plug-in") == ["faces"]
    assert {"'lost'", "'odd'"} == {name for name in ("'lost'", "'odd'") for w in caught if name in str(w)}
    with pytest.warns(RuntimeWarning):
        assert listed("studio") == [str(folder)]
    assert inscape.open(folder, device="cpu").name == "small"


def test_a_factory_with_a_card_is_listed_without_being_called(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    import inscape_example

    card = small_generator(name="faces").card
    monkeypatch.setattr(inscape_example.faces, "card", card, raising=False)
    monkeypatch.setattr(inscape_example.faces, "__code__", (lambda: 1 / 0).__code__)
    with pytest.warns(RuntimeWarning):
        assert next(each for each in catalogue() if each.name == "faces").card is card


def test_the_verb_prints_what_the_contract_says(tmp_path, capsys):
    import torch

    path = tmp_path / "g.pt"
    torch.save(rosinality(small_stylegan2()), path)
    inscape.open(path, device="cpu")
    assert run(["models", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["models"]}
    assert {"town", "town-segmenter", str(path.resolve())} <= rows.keys()
    for row in rows.values():
        keys = {"name", "kind", "layers", "default_layer", "image_size", "parameters", "concepts"}
        assert keys <= row.keys()
        assert all(layer.keys() == {"name", "units", "size", "axes"} for layer in row["layers"])
    words = rows["smollm2"]
    assert (words["kind"], words["image_size"], words["concepts"], words["classes"]) == (
        "language",
        None,
        None,
        None,
    )
    assert {(layer["size"], *layer["axes"]) for layer in words["layers"]} == {(None, "token", "unit")}
    assert rows[str(path.resolve())]["default_layer"] == "layer16b"
    assert run(["models"]) == 0
    said = capsys.readouterr().out
    assert f"{path.resolve()}: generator, 16 px" in said
    assert "  blocks.{0-29}.mlp.neurons  1536 units\n" in said


def test_listing_what_ships_and_is_cached_needs_no_torch():
    code = (
        "import sys; from inscape.models.catalogue import catalogue; "
        "catalogue(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ)).returncode == 0
