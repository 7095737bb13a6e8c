from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cli.painting_model import write_models
from inscape.cli.main import run
from inscape.dissection import DissectionReport
from inscape.editing import Recipe
from inscape.painting import BrushSet


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_models(tmp_path_factory.mktemp("models"))


def concepts(model):
    """Two objects that the untrained segmenter sees: the first in fewer pixels than the second."""
    report = DissectionReport.load(model / "report")
    return [name for name in report.vocabulary.in_plane("object") if name in report.concepts] or ["sky"]


def made(model, tmp_path, capsys, *options):
    out = tmp_path / "brushes.json"
    concept = "tree" if concepts(model)[0] == "sky" else "sky"
    on = concepts(model)[0]
    arguments = ["brush", str(model), "--concept", concept, "--on", on, "--cells", "2,2", "--places", "6"]
    assert run([*arguments, "--steps", "3", "--top", "4", "--out", str(out), "--json", *options]) == 0
    return out, concept, json.loads(capsys.readouterr().out)


def test_a_brush_is_made_measured_and_painted_with(model, tmp_path, capsys):
    out, concept, document = made(model, tmp_path, capsys, "--kind", "learned")
    assert (document["files"], document["concept"], document["kind"]) == ([str(out)], concept, "learned")
    assert len(document["units"]) <= 4 and 0 <= document["score"]["hits"] <= 1
    brush = BrushSet.load(out).find(concept, "learned")
    assert list(brush.units) == document["units"]
    painted, plain = tmp_path / "p.png", tmp_path / "plain.png"
    line = ["paint", str(model), "--seed", "3", "--concept", concept, "--box", "0,0,32,32"]
    assert run([*line, "--kind", "learned", "--brushes", str(out), "--out", str(painted), "--json"]) == 0
    assert run([*line[:-4], "--units", "0", "--strength", "0", *line[-2:], "--out", str(plain)]) == 0
    (edit,) = Recipe.load(painted).edits.edits
    assert edit.mode == "add" and list(edit.units) == document["units"]
    assert not np.array_equal(np.asarray(Image.open(painted)), np.asarray(Image.open(plain)))
    again = tmp_path / "again.png"
    assert run(["replay", str(painted), "--model", str(model), "--out", str(again)]) == 0
    assert np.array_equal(np.asarray(Image.open(again)), np.asarray(Image.open(painted)))


def test_a_file_keeps_its_other_brushes(model, tmp_path, capsys):
    out, concept, _ = made(model, tmp_path, capsys, "--kind", "learned")
    other = replace(BrushSet.load(out).find(concept), kind="obedient")
    BrushSet.load(out).with_brushes([other]).save(out)
    made(model, tmp_path, capsys, "--kind", "learned")
    assert {one.kind for one in BrushSet.load(out)} == {"learned", "obedient"}


def test_an_obedient_brush_needs_places_to_leave_alone(model, tmp_path, capsys):
    line = ["brush", str(model), "--concept", "tree", "--on", "sky", "--out", str(tmp_path / "b.json")]
    assert run([*line, "--kind", "obedient"]) != 0
    assert "'tree' cannot stand" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["brush", "MODEL", "--concept", "tree"], "--on"),
        (["brush", "MODEL", "--concept", "tree", "--kind", "magic"], "magic"),
        (["brush", "MODEL", "--concept", "tree", "--cells", "3"], "--cells"),
        (["brush", "MODEL", "--concept", "oak", "--on", "sky"], "oak"),
        (["paint", "MODEL", "--concept", "tree", "--box", "0,0,4,4", "--kind", "learned"], "inscape brush"),
        (["paint", "MODEL", "--units", "1", "--box", "0,0,4,4", "--kind", "learned"], "--concept"),
    ],
)
def test_what_is_missing_is_said(model, tmp_path, capsys, options, message):
    arguments = [str(model) if one == "MODEL" else one for one in options]
    assert run([*arguments, "--out", str(tmp_path / "x")]) != 0
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
