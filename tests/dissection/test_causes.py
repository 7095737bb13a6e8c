from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from inscape.dissection import CauseOptions, DissectionReport, SetOptions, Thumbnails, dissect, find_causes
from inscape.dissection.borders import replaced
from inscape.errors import CancelledError, ConceptError, UnsupportedError, ValueRangeError
from inscape.sources import GeneratedPictures
from planted_causes import DOOR, TREES, UNITS, VOCABULARY, Reader, generator
from stopping import StopsAfter

VALUES = torch.ones(len(VOCABULARY) - 1, UNITS)
SMALL = CauseOptions(concepts=("tree", "door"), images=20, pool=24, search=SetOptions(steps=12, batch=6))


def causes(folder, options=SMALL, **looking):
    model = looking.pop("model", None) or generator()
    return find_causes(model, "units", VALUES, options, segmenter=Reader(), cache=folder, **looking)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return causes(tmp_path_factory.mktemp("causes"))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return dissect(
        generator(),
        images=40,
        segmenter=Reader(),
        top=Thumbnails(1, 16),
        causes=SMALL,
        cache=tmp_path_factory.mktemp("report"),
    )


def test_a_unit_that_works_alone_is_seen_by_its_single_effect_and_shared_work_is_not(found):
    assert found.effects["door"][DOOR] == -1.0
    assert all(found.effects["door"][unit] == 0.0 for unit in range(UNITS) if unit != DOOR)
    assert set(found.effects["tree"]) == {0.0}  # each tree unit is replaced by the other two
    assert found.images == 20


def test_the_optimised_set_finds_the_units_that_share_the_work(found):
    alpha = found.sets["tree"]
    assert set(sorted(range(UNITS), key=lambda unit: -alpha[unit])[:3]) == set(TREES)
    assert min(alpha[unit] for unit in TREES) > 1.5 * max(alpha[unit] for unit in range(5, UNITS))
    assert max(range(UNITS), key=lambda unit: found.sets["door"][unit]) == DOOR
    assert found.steps == {"tree": 12, "door": 12}


def test_what_takes_the_place_of_the_object_is_what_bordered_it(found):
    tree = found.removals["tree"]
    assert tree.relative_change == -1.0 and tree.units == UNITS
    assert tree.appears == {"grass": 1.0} and tree.borders == {"grass": 1.0}


def test_a_label_borders_an_object_only_where_it_touches_that_object():
    before = np.array([[[1, 1, 2, 3], [2, 2, 2, 3], [1, 2, 2, 2]]], np.uint8)
    after = np.array([[[2, 3, 2, 3], [2, 2, 2, 3], [3, 2, 2, 2]]], np.uint8)
    found = replaced(before, after, 1)
    assert found.becomes[[2, 3]].tolist() == [1, 2] and found.bordering[[2, 3]].tolist() == [1, 0]
    both = replaced(np.concatenate([before, before + 3]), np.concatenate([after, after + 3]), 1)
    assert (both.bordering == found.bordering).all()  # another picture does not touch
    becomes, bordering = found.shares(["a", "b", "c"])
    assert becomes == {"c": 2 / 3, "b": 1 / 3} and bordering == {"b": 1 / 3}


@pytest.mark.parametrize("steps", [6, 40, 49])
def test_a_stopped_run_goes_on_where_it_was(found, tmp_path, steps):
    with pytest.raises(CancelledError):
        causes(tmp_path, progress=StopsAfter(steps))
    whole, rest = generator(), generator()
    again = causes(tmp_path, model=rest)
    assert again.to_json() == found.to_json()
    causes(tmp_path / "other", model=whole)
    assert rest.module.synthesis.drawn < whole.module.synthesis.drawn
    assert not list(tmp_path.glob("*/plan.json"))  # nothing stays once it is known


def test_a_run_is_only_taken_up_by_one_of_the_same_content(tmp_path):
    other = generator()
    other.module.dummy.data += 1
    runs = [{}, {"model": other}, {"options": dataclasses.replace(SMALL, images=21)}]
    for number, asked in enumerate([*runs, {}], 1):
        with pytest.raises(CancelledError):
            causes(tmp_path, progress=StopsAfter(1), **asked)
        assert len(list(tmp_path.glob("*/plan.json"))) == min(number, len(runs))


def test_a_set_that_takes_too_long_is_kept_as_far_as_it_is(tmp_path):
    short = dataclasses.replace(SMALL, effects=False, search=SetOptions(steps=12, batch=6, seconds=1e-9))
    found = causes(tmp_path, short)
    assert found.steps == {"tree": 1, "door": 1} and found.effects == {}
    assert max(found.sets["tree"]) < 0.35


def test_units_are_ordered_by_the_set_then_by_effects_then_by_overlap(report):
    assert report.order("tree").rank == "alpha" and set(report.order("tree").units[:3]) == set(TREES)
    assert report.order("grass").rank == "effect"
    assert set(report.order("tree", "iou").units[:3]) == set(TREES)
    assert report.order("door", "effect").units[0] == DOOR and report.units("door", 1).units == (DOOR,)
    bare = dataclasses.replace(report, causes=None)
    assert bare.order("tree").rank == "iou"
    with pytest.raises(ConceptError, match="no optimised set of 'tree'"):
        bare.units("tree", rank="alpha")


def test_causes_stay_with_a_report_that_is_saved(report, tmp_path):
    again = DissectionReport.load(report.save(tmp_path / "report"))
    document = json.loads((tmp_path / "report" / "report.json").read_text())
    assert again.causes.to_json() == report.causes.to_json()
    assert document["sets"].keys() == {"tree", "door"} and document["effects"]["door"][0] == [DOOR, -1.0]
    assert document["sets"]["door"][0][0] == DOOR
    assert document["removals"]["tree"]["borders"] == {"grass": 1.0}
    assert again.order("tree") == report.order("tree")


def test_a_segmenter_without_gradients_is_refused_for_sets_alone(tmp_path):
    class Plain(Reader):
        probability = None

        def __getattribute__(self, name):
            if name == "probability":
                raise AttributeError(name)
            return super().__getattribute__(name)

    with pytest.raises(UnsupportedError, match="by gradient through the segmenter"):
        find_causes(generator(), "units", VALUES, SMALL, segmenter=Plain(), cache=tmp_path)


def test_pictures_that_are_not_drawn_have_no_causes():
    model = generator()
    with pytest.raises(UnsupportedError, match="pictures that a generator draws"):
        dissect(model, segmenter=Reader(), source=GeneratedPictures(model), causes=SMALL)
    with pytest.raises(ValueRangeError, match="at least 2 pictures"):
        CauseOptions(images=1)
