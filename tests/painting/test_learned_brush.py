from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from inscape.editing import UnitEdit, load_edit, save_edit
from inscape.errors import ConceptError, FormatError, NotFoundError, UnsupportedError, ValueRangeError
from inscape.models.weights import weights_hash
from inscape.painting import (
    BrushScore,
    BrushSearch,
    BrushSet,
    LearnedBrush,
    StandingOn,
    learn_brush,
    score_brush,
)
from inscape.regions import Region, box
from planted_causes import DOOR, TREES, VOCABULARY, Reader, generator

SEARCH = BrushSearch(steps=120, batch=8, units=3, places=48, pictures=96)
RULE = StandingOn("door", "grass", (2, 2), VOCABULARY)


@pytest.fixture(scope="module")
def model():
    return generator()


@pytest.fixture(scope="module")
def learned(model):
    return learn_brush(model, RULE, "learned", search=SEARCH, segmenter=Reader())


@pytest.fixture(scope="module")
def obedient(model):
    return learn_brush(model, RULE, "obedient", search=SEARCH, segmenter=Reader())


def test_the_unit_that_draws_doors_is_learned_first(learned):
    assert (learned.concept, learned.kind, learned.layer) == ("door", "learned", "units")
    assert learned.units[0] == DOOR and learned.values[0] > 0
    assert len(learned.units) == len(learned.values) == 3


def test_a_learned_brush_draws_where_random_units_do_not(model, learned):
    score = score_brush(model, learned, RULE, places=40, segmenter=Reader())
    assert (score.judge, score.legal, score.illegal) == ("reader", 40, 40)
    assert score.hits > 0.9 and score.random < 0.1
    assert score.works and score.of_ten == round(10 * score.hits)


def test_values_of_zero_draw_nothing(model, learned):
    idle = replace(learned, values=(0.0,) * len(learned.values))
    score = score_brush(model, idle, RULE, places=20, segmenter=Reader())
    assert (score.hits, score.illegal_hits, score.works) == (0, 0, False)
    assert score.change == pytest.approx(0, abs=1e-4)


def test_an_obedient_brush_changes_less_where_its_concept_cannot_stand(model, learned, obedient):
    scores = [score_brush(model, one, RULE, places=40, segmenter=Reader()) for one in (learned, obedient)]
    assert scores[1].change < 0.7 * scores[0].change


def test_the_same_seeds_learn_the_same_brush(model, learned):
    assert learn_brush(model, RULE, "learned", search=SEARCH, segmenter=Reader()) == learned


def test_what_cannot_be_learned_is_refused(model):
    with pytest.raises(ValueRangeError, match="not learned"):
        learn_brush(model, RULE, "causal", segmenter=Reader())
    nowhere = replace(RULE, most=1.1)
    with pytest.raises(ConceptError, match="have a place where 'door' may stand"):
        learn_brush(model, nowhere, search=replace(SEARCH, pictures=32), segmenter=Reader())

    class Blind:
        name, vocabulary, segment, features = "blind", VOCABULARY, Reader().segment, Reader().features

    with pytest.raises(UnsupportedError, match="by gradient"):
        learn_brush(model, RULE, segmenter=Blind())
    with pytest.raises(ValueRangeError, match="at least 1"):
        BrushSearch(units=0)


def test_a_stroke_adds_and_leaves_the_rest_alone(learned):
    features = torch.randn(2, 12, 8, 8, generator=torch.Generator().manual_seed(0))
    edit = learned.draw(box(2, 2, 4, 4), 0.5)
    after = edit.transform(features, 8)
    expected = features.clone()
    for unit, value in zip(learned.units, learned.values, strict=True):
        expected[:, unit, 2:6, 2:6] += 0.5 * value
    assert torch.allclose(after, expected, atol=1e-6)


def test_an_added_edit_is_kept_whole(learned, tmp_path):
    edit = learned.draw(box(0, 0, 4, 4))
    assert UnitEdit.from_json(json.loads(json.dumps(edit.to_json()))) == edit
    assert load_edit(save_edit(edit, tmp_path / "door.edit.safetensors")) == edit
    assert edit != replace(edit, mode="draw")


def test_a_causal_brush_sets_its_units():
    brush = LearnedBrush("tree", "causal", "units", TREES, (1.0, 2.0, 3.0), (2, 2))
    after = brush.draw(Region.everywhere()).transform(torch.zeros(1, 12, 8, 8), 8)
    assert after[0, list(TREES), 0, 0].tolist() == [1, 2, 3]


SCORE = BrushScore("reader", 40, 0.55, 0.1, 40, 0.05, 1.5)


def brushes(model):
    one = LearnedBrush("door", "learned", "units", (1, 4), (1.25, -0.5), (2, 2), SCORE)
    return BrushSet(model.name, weights_hash(model.module), (one, replace(one, kind="obedient", score=None)))


def test_brushes_are_read_as_they_were_written(model, tmp_path):
    path = brushes(model).save(tmp_path / "brushes.json")
    found = BrushSet.load(path)
    assert found == brushes(model)
    found.check(model)


def test_a_brush_takes_the_place_of_one_of_its_kind(model):
    whole = brushes(model)
    changed = whole.with_brushes([replace(whole.brushes[0], units=(7, 8))])
    assert len(changed.brushes) == 2 and changed.find("door", "learned").units == (7, 8)
    assert changed.find("door").kind == "learned"
    with pytest.raises(NotFoundError, match="kind of brush"):
        whole.find("door", "causal")
    with pytest.raises(NotFoundError, match="did you mean 'door'"):
        whole.find("dor")


def test_brushes_of_other_weights_are_refused(model):
    other = generator()
    with torch.no_grad():
        other.module.dummy += 1
    with pytest.raises(FormatError, match="other weights"):
        brushes(model).check(other)


def test_damaged_files_of_brushes_are_refused(model, tmp_path):
    path = brushes(model).save(tmp_path / "brushes.json")
    document = json.loads(path.read_text())
    for change, message in (
        ({"kind": "else"}, "holds no brushes"),
        ({"schema_version": 2}, "version 2"),
        ({"brushes": [{"concept": "door"}]}, "damaged"),
    ):
        path.write_text(json.dumps(document | change))
        with pytest.raises(FormatError, match=message):
            BrushSet.load(path)
    document["brushes"][0]["values"] = [1.0]
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match="damaged"):
        BrushSet.load(path)


def test_half_of_the_places_is_what_a_brush_must_reach():
    assert SCORE.works and SCORE.of_ten == round(5.5)
    assert not replace(SCORE, hits=0.49).works
    assert not replace(SCORE, random=0.6).works
    assert np.isclose(SCORE.hits, 0.55)
