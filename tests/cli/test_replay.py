from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli.painting_model import write_models
from inscape.cli.main import run
from inscape.editing import Recipe, replay
from inscape.models import open_model, write_model
from inscape.pictures import Latent
from models.foreign import nvidia, rosinality, small_stylegan2, small_stylegan3


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.json", None, "cannot be read"),
        ("text.json", b"hello", "neither a recipe nor a PNG"),
        ("list.json", b"[]", "A recipe is a JSON object"),
        ("next.json", b'{"schema_version": 9}', "schema_version 1, got '9'"),
        ("cut.png", b"\x89PNG\r\n\x1a\n....", "not a whole PNG picture"),
    ],
)
def test_what_cannot_be_replayed_is_one_sentence(name, content, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert run(["replay", name]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err and len(captured.err.strip().splitlines()) == 1
    assert not (tmp_path / "replayed.png").exists()


STROKE = ["--units", "1,2", "--box", "0,0,6,6", "--remove"]


@pytest.fixture(params=["nvidia", "conditional", "rosinality", "stylegan3", "safetensors", "folder"])
def checkpoint(request, tmp_path, model):
    """A file of each format, or a folder, that lies where it may move from."""
    place = tmp_path / "models" / "church.bin"
    place.parent.mkdir()
    if request.param == "rosinality":
        torch.save(rosinality(small_stylegan2()), place)
    elif request.param == "safetensors":
        write_model(open_model(model, device="cpu"), place, format="safetensors")
    elif request.param == "folder":
        shutil.copytree(model, place)
    else:
        network = small_stylegan3() if request.param == "stylegan3" else None
        nvidia(network or small_stylegan2(c_dim=3 if request.param == "conditional" else 0), place)
    return place


def test_a_painting_on_a_checkpoint_comes_again_from_its_png_alone(checkpoint, tmp_path, capsys, monkeypatch):
    painted, again = tmp_path / "painted.png", tmp_path / "again.png"
    monkeypatch.chdir(checkpoint.parent)
    assert run(["paint", checkpoint.name, *STROKE, "--out", str(painted), "--device", "cpu"]) == 0
    monkeypatch.chdir(tmp_path)
    assert run(["replay", str(painted), "--out", str(again)]) == 0
    assert again.read_bytes() == painted.read_bytes()
    moved = checkpoint.rename(tmp_path / "elsewhere.bin")
    capsys.readouterr()
    assert run(["replay", str(painted), "--out", str(again)]) == 1
    captured = capsys.readouterr()
    assert f"The checkpoint of the recipe is not there: {checkpoint}." in captured.err
    assert "--model" in captured.err and len(captured.err.strip().splitlines()) == 1
    again.unlink()
    assert run(["replay", str(painted), "--model", str(moved), "--out", str(again)]) == 0
    assert again.read_bytes() == painted.read_bytes()


def test_another_checkpoint_at_the_recorded_path_is_not_drawn(tmp_path, capsys):
    painted, place = tmp_path / "painted.png", nvidia(small_stylegan2(), tmp_path / "church.pkl")
    assert run(["paint", str(place), *STROKE, "--out", str(painted), "--device", "cpu"]) == 0
    nvidia(small_stylegan2(conv_clamp=0.5, mapping_layers=3), place)
    assert run(["replay", str(painted), "--out", str(tmp_path / "again.png")]) == 1
    assert f"other weights of 'church' than those that {place} holds" in capsys.readouterr().err


@pytest.mark.parametrize(
    "file", ["models/g.pkl", "~nobody/g.pkl", "/dev/null", "package.module:factory", "/" + "a" * 300, "town"]
)
def test_a_recorded_path_that_is_no_checkpoint_opens_nothing(file, model, tmp_path, monkeypatch, capsys):
    recipe = Recipe.of(open_model(model, device="cpu"), Latent("z", np.zeros(8, np.float32)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.to_json() | {"file": file}))
    assert run(["replay", "recipe.json"]) == 1
    assert "The checkpoint of the recipe is not there" in capsys.readouterr().err


def test_the_recorded_path_does_not_name_who_lives_there(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    place = nvidia(small_stylegan2(), tmp_path / "church.pkl")
    recipe = Recipe.of(open_model(place, device="cpu"), Latent("z", np.zeros(12, np.float32)))
    assert recipe.to_json()["file"] == str(Path("~") / "church.pkl")
    assert replay(recipe).pixels.shape == (16, 16, 3)


def test_a_model_that_is_no_generator_cannot_replay(model, tmp_path, capsys):
    out = tmp_path / "p.png"
    assert run(["paint", str(model), *STROKE, "--out", str(out)]) == 0
    segmenter = str(model.parent / "segmenter")
    assert run(["replay", str(out), "--model", segmenter, "--out", str(tmp_path / "again.png")]) == 1
    assert "needs a generator" in capsys.readouterr().err


def test_an_enlarged_png_comes_again_as_large_and_at_the_picture_s_own_size(model, tmp_path):
    plain, larger, again = (tmp_path / f"{name}.png" for name in ("plain", "larger", "again"))
    assert run(["paint", str(model), *STROKE, "--out", str(plain), "--device", "cpu"]) == 0
    assert run(["replay", str(plain), "--scale", "2", "--out", str(larger)]) == 0
    assert Image.open(larger).width == 2 * Image.open(plain).width
    assert run(["replay", str(larger), "--out", str(again)]) == 0
    assert again.read_bytes() == larger.read_bytes()
    assert run(["replay", str(larger), "--scale", "1", "--out", str(again)]) == 0
    assert again.read_bytes() == plain.read_bytes()
    assert run(["replay", str(plain), "--scale", "9"]) == 2
