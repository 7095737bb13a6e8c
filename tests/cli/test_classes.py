"""`--class`: which classes of a conditional generator are drawn, measured and painted on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.painting_model import write_models
from inscape import storage
from inscape.cli.main import run
from inscape.editing import Recipe
from inscape.models import Card, open_model
from small_generators import small_generator

NAMES = ("cat", "dog", "owl, great", "7")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A conditional generator, its segmenter beside it and none on its card."""
    folder = write_models(tmp_path_factory.mktemp("models")).parent
    generator = small_generator(classes=NAMES)
    generator.card.write(folder / "conditional" / "card.json")
    storage.save_tensors(folder / "conditional" / "weights.safetensors", generator.module.state_dict())
    return folder


def sampled(capsys, *arguments: str) -> list[str]:
    assert run(["sample", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["files"]


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        (None, [0, 0, 1, 1]),
        ("1", [1, 1, 1, 1]),
        ("dog", [1, 1, 1, 1]),
        ("cat,2", [0, 0, 2, 2]),
        ("2-3", [2, 2, 3, 3]),
        ("owl, great", [2, 2, 2, 2]),
        ("7", [3, 3, 3, 3]),
    ],
)
def test_seeds_take_the_classes_in_turn(place, text, classes, tmp_path, capsys):
    model = open_model(place / "conditional", device="cpu")
    options = [] if text is None else ["--class", text]
    out = tmp_path / "out"
    files = sampled(capsys, str(place / "conditional"), "--seeds", "0-3", "--out", str(out), *options)
    names = [f"small-{seed:06d}-class-{number}.png" for seed, number in enumerate(classes)]
    assert [Path(file).name for file in files] == names
    for seed, (file, number) in enumerate(zip(files, classes, strict=True)):
        expected = model.sample(seed, class_index=number).pixels
        assert np.array_equal(np.asarray(Image.open(file)), expected)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("dgo", 1, "no class 'dgo' in model 'small'; did you mean 'dog'?"),
        ("4", 1, "no class '4'"),
        ("3-1", 2, "ascends"),
    ],
)
def test_a_class_that_is_not_there_is_one_sentence(place, text, code, sentence, tmp_path, capsys):
    assert run(["sample", str(place / "conditional"), "--class", text, "--out", str(tmp_path)]) == code
    captured = capsys.readouterr()
    assert sentence in captured.err and len(captured.err.strip().splitlines()) == 1


def test_a_generator_without_classes_says_so(place, tmp_path, capsys):
    assert run(["sample", str(place / "generator"), "--class", "0", "--out", str(tmp_path)]) == 1
    assert "has no classes" in capsys.readouterr().err


def test_a_picture_of_a_class_is_dissected_measured_painted_and_replayed(place, tmp_path, capsys):
    model, report = str(place / "conditional"), str(tmp_path / "report")
    segmenter = str(place / "segmenter")
    assert run(["dissect", model, "--images", "8", "--class", "dog", "--out", report]) == 1
    assert "--segmenter" in capsys.readouterr().err
    dissecting = ["dissect", model, "--images", "8", "--class", "dog", "--segmenter", segmenter]
    assert run([*dissecting, "--out", report, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["classes"] == [1]
    concept = document["units"][0]["concept"] or "sky"
    measuring = ["effect", model, "--units", "0,1", "--concept", concept, "--images", "4", "--controls", "2"]
    assert run([*measuring, "--class", "1", "--report", report, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == [1]
    out, again = tmp_path / "painted.png", tmp_path / "again.png"
    painting = [
        "paint",
        model,
        "--seed",
        "5",
        "--class",
        "owl, great",
        "--units",
        "0,1",
        "--concept",
        concept,
    ]
    assert run([*painting, "--box", "4,4,20,16", "--report", report, "--out", str(out)]) == 0
    assert Recipe.load(out).latent.class_index == 2
    assert run(["replay", str(out), "--model", model, "--out", str(again)]) == 0
    assert np.array_equal(np.asarray(Image.open(again)), np.asarray(Image.open(out)))
    assert Card.read(place / "conditional" / "card.json").segmenter is None
