from __future__ import annotations

import json

import numpy as np
import pytest

import inscape
from inscape.brush_kinds import FILE as BRUSHES
from inscape.dissection import shipped_report
from inscape.errors import FormatError
from inscape.models import Generator, folder_of, names, open_model
from inscape.painting import BrushSet
from inscape.painting.example import FILE, Example, ExampleStroke
from inscape.pictures import to_tensor
from inscape.segmenters import fitting_segmenter

MOST_BEFORE, LEAST_AFTER = 0.05, 0.30
SHOWN = [name for name in names() if (folder_of(name) / FILE).is_file()]


def test_the_model_that_the_studio_opens_has_an_example():
    assert "town" in SHOWN


@pytest.mark.parametrize("name", SHOWN)
def test_the_segmenter_sees_appear_what_the_example_paints(name):
    example, model = Example.beside(folder_of(name)), open_model(name, device="cpu")
    assert example is not None and isinstance(model, Generator)
    report, segmenter, brushes = (
        shipped_report(model),
        fitting_segmenter(model),
        BrushSet.load(folder_of(name) / BRUSHES),
    )
    before = model.sample(example.seed)
    after = model.render(before.latent, edits=[stroke.edit(report, brushes) for stroke in example.strokes])
    labels = segmenter.segment(to_tensor([before, after])).numpy()
    size = model.image_size
    elsewhere = np.ones(labels.shape[2:], bool)
    for stroke in example.strokes:
        place = inscape.box(*stroke.box).mask(*labels.shape[2:], image_size=size).numpy() > 0.5
        plane = segmenter.vocabulary.plane_of(stroke.concept)
        shown = labels[:, plane] == segmenter.vocabulary.index(stroke.concept)
        assert shown[0][place].mean() < MOST_BEFORE and shown[1][place].mean() >= LEAST_AFTER
        elsewhere &= ~place
    objects = labels[:, segmenter.vocabulary.planes.index("object")]
    assert (objects[0] != objects[1])[elsewhere].mean() < 0.1


def test_an_example_is_written_and_read_and_its_absence_is_none(tmp_path):
    example = Example(seed=7, strokes=(ExampleStroke(concept="door", layer="layer16a", box=(1, 2, 3, 4)),))
    assert Example.beside(tmp_path) is None
    example.write(tmp_path)
    assert Example.beside(tmp_path) == example


@pytest.mark.parametrize("changed", [{"seed": -1}, {"strokes": []}, {"colour": "red"}])
def test_what_is_no_example_names_the_field(changed, tmp_path):
    stroke = {"concept": "door", "layer": "layer16a", "box": [0, 0, 4, 4]}
    (tmp_path / FILE).write_text(json.dumps({"seed": 7, "strokes": [stroke]} | changed))
    with pytest.raises(FormatError, match=f"not a painted example: {next(iter(changed))}"):
        Example.beside(tmp_path)
