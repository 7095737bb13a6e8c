from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.painting_model import write_models
from inscape.cli.main import run
from inscape.dissection import DissectionReport
from inscape.editing import Recipe


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Its units match `tree` better than chance, but none above 0.05."""
    place = write_models(tmp_path_factory.mktemp("models"))
    report = DissectionReport.load(place / "report")
    chance, iou = report.values.chance.clone(), report.values.iou_best.clone()
    tree = report.vocabulary.index("tree") - 1
    chance[tree], iou[tree] = 0.0, 0.04
    replace(report, values=replace(report.values, chance=chance, iou_best=iou)).save(place / "report")
    return place


def painted_concept(model):
    """A concept that the untrained segmenter sees and some unit counts for."""
    return next(iter(DissectionReport.load(model / "report").concepts))


def test_painting_writes_one_png_that_holds_its_recipe(model, tmp_path, capsys):
    concept = painted_concept(model)
    out = tmp_path / "p.png"
    arguments = ["paint", str(model), "--seed", "7", "--concept", concept, "--box", "4,4,20,16", "--top", "3"]
    assert run([*arguments, "--out", str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [str(out)]
    assert 0 <= document["area_before"] <= 1 and 0 <= document["area_after"] <= 1
    recipe = Recipe.load(out)
    assert recipe.seed == 7 and recipe.edits.edits[0].concept == concept
    assert recipe.edits.edits[0].region.rectangle == (4, 4, 20, 16)


def test_a_painted_picture_is_replayed_byte_for_byte(model, tmp_path, capsys):
    out, again = tmp_path / "p.png", tmp_path / "again.png"
    arguments = ["paint", str(model), "--seed", "7", "--units", "0,2-4", "--box", "4,4,20,16"]
    assert run([*arguments, "--out", str(out)]) == 0
    assert run(["replay", str(out), "--model", str(model), "--out", str(again), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["files"] == [str(again)]
    assert np.array_equal(np.asarray(Image.open(again)), np.asarray(Image.open(out)))
    assert Recipe.load(again).to_json() == Recipe.load(out).to_json()


def test_strength_zero_changes_nothing_and_removing_differs_from_drawing(model, tmp_path):
    def pixels(*options):
        out = tmp_path / "x.png"
        arguments = ["paint", str(model), "--units", "0,1,2,3", "--box", "0,0,32,32", "--out", str(out)]
        assert run([*arguments, *options]) == 0
        return np.asarray(Image.open(out))

    same, drawn, removed = pixels("--strength", "0"), pixels("--value", "0.999"), pixels("--remove")
    assert (same != drawn).any() and (same != removed).any() and (drawn != removed).any()


def test_without_a_concept_there_is_no_area(model, tmp_path, capsys):
    arguments = ["paint", str(model), "--units", "1", "--box", "0,0,4,4", "--out", str(tmp_path / "x.png")]
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["area_before"] is None and document["area_after"] is None


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--concept", "sky", "--box", "30,0,8,8"], 1, "lies outside the picture of 32 × 32 pixels"),
        (["--concept", "sky", "--box", "-3,0,8,8"], 1, "starts at x, y ≥ 0 inside the picture"),
        (["--concept", "tree", "--box", "1,2,3"], 2, "A box is X,Y,WIDTH,HEIGHT"),
        (["--concept", "tree", "--box", "1,2,0,3"], 1, "wider and higher than 0"),
        (["--concept", "tre", "--box", "1,2,3,3"], 1, "no concept 'tre'; did you mean 'tree'?"),
        (["--concept", "tree", "--box", "1,2,3,3"], 1, "matches 'tree', so no unit can paint it"),
        (["--units", "99", "--box", "1,2,3,3"], 1, "units 0 to 7"),
        (["--units", "99", "--box", "1,2,3,3", "--remove"], 1, "units 0 to 7"),
        (["--units", "a", "--box", "1,2,3,3"], 2, "Units are whole numbers"),
        (["--box", "1,2,3,3"], 2, "A concept or units are needed"),
        (["--concept", "tree", "--box", "1,2,3,3", "--layer", "layr8a"], 1, "did you mean 'layer8a'?"),
        (
            ["--concept", "tree", "--box", "1,2,3,3", "--layer", "layer8a"],
            1,
            "is of 'layer16a', not of",
        ),
        (["--concept", "tree", "--box", "1,2,3,3", "--strength", "3"], 2, "'--strength'"),
        (["--units", "1", "--box", "1,2,3,3", "--value", "much"], 2, "mean, quantile or a level"),
        (["--units", "1", "--box", "1,2,3,3", "--value", "0.123"], 1, "no quantile at level 0.123"),
        (
            ["--units", "1", "--box", "1,2,3,3", "--report", "nowhere"],
            1,
            "nowhere/report.json cannot",
        ),
    ],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(
    model, options, code, sentence, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(["paint", str(model), *options]) == code
    captured = capsys.readouterr()
    assert captured.out == "" and sentence in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_a_dissection_says_how_to_make_one(model, tmp_path, capsys):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("card.json", "weights.safetensors"):
        (bare / name).write_bytes((Path(model) / name).read_bytes())
    assert run(["paint", str(bare), "--concept", "tree", "--box", "1,2,3,3"]) == 1
    assert "inscape dissect" in capsys.readouterr().err
    out = tmp_path / "x.png"
    assert run(["paint", str(bare), "--units", "1", "--remove", "--box", "1,2,3,3", "--out", str(out)]) == 0
