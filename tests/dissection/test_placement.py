from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from inscape.dissection.placement import PlacementReport, placement
from inscape.dissection.rough_boxes import (
    RoughPlace,
    component_height,
    pairs,
    rank_correlation,
    rough_boxes,
)
from inscape.dissection.unit_set import UnitSet
from inscape.errors import ConceptError, ValueRangeError
from planted_effects import DOORS, ColourReader, planted_generator


def doors():
    return UnitSet("planted", "units", DOORS, "door", torch.ones(2), {0.99: torch.ones(2)})


def measure(**options):
    return placement(planted_generator(), doors(), images=12, segmenter=ColourReader(), **options)


def test_doors_come_where_they_can_stand_and_nowhere_else():
    found = measure()
    assert found.gain("wall") == 1.0
    assert found.gain("sign") == 0.0
    upper = found.map[:2]
    assert (upper == 0).all()
    assert (found.map[4:, :6] == 1).all() and (found.map[2:4] == 1).all()


def test_where_a_door_stands_already_none_is_gained():
    found = measure()
    assert found.gain("door") == 0.0 and found.by_label["door"]["places"] > 0


def test_every_cell_is_counted_once():
    found = measure(grid=4)
    assert sum(row["places"] for row in found.by_label.values()) == 12 * 16
    assert found.map.shape == (4, 4)


def test_random_units_put_no_doors_anywhere():
    found = measure(controls=10)
    for row in found.by_label.values():
        assert row["gain"] >= row["control"]
    assert found.by_label["wall"]["interval"][1] == 0.0


def test_a_saved_placement_comes_back(tmp_path):
    found = measure(grid=4)
    found.save(tmp_path / "r")
    again = PlacementReport.load(tmp_path / "r")
    assert again.to_json() == json.loads(json.dumps(found.to_json()))
    assert found.table().iloc[0]["label"] in found.by_label


def test_rough_boxes_stand_on_what_was_asked_for():
    model = planted_generator()
    found = rough_boxes(model, doors(), RoughPlace("wall", (4, 4)), images=10, segmenter=ColourReader())
    assert len(found) == 10
    for one in found:
        _, y, width, height = one.rectangle
        assert y >= 7 and (width, height) == (4, 4)
        assert one.before == 0.0
        assert one.support == 8
    # The brush works on cells of two pixels, so boxes on their grid are filled.
    whole = [one for one in found if one.rectangle[0] % 2 == 0 and one.rectangle[1] % 2 == 0]
    assert whole and all(one.after == 1.0 and one.height >= 4 for one in whole)


def test_rough_boxes_where_nothing_grows_stay_empty():
    model = planted_generator()
    found = rough_boxes(model, doors(), RoughPlace("none", (4, 4), 1.0), images=30, segmenter=ColourReader())
    top = [one for one in found if one.rectangle[1] == 0]
    assert top and all(one.after == 0.0 and one.height == 0 for one in top)
    assert len(list(pairs(top))) == 0


def test_the_height_is_that_of_the_connected_part_in_the_window():
    mask = np.zeros((10, 10), bool)
    mask[2:9, 3], mask[0:2, 8] = True, True
    assert component_height(mask, (slice(4, 6), slice(2, 9))) == 7
    assert component_height(mask, (slice(0, 2), slice(0, 3))) == 0


def test_rank_correlation_is_that_of_scipy_and_stands_beside_chance():
    from scipy.stats import spearmanr

    random = np.random.RandomState(0)
    first = random.standard_normal(80)
    second = first + random.standard_normal(80)
    correlation, level = rank_correlation(first, second)
    assert correlation == pytest.approx(spearmanr(first, second).statistic)
    assert 0.1 < level < 0.35 < correlation
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == (0.0, 1.0)


def test_impossible_placements_are_refused():
    model, reader = planted_generator(), ColourReader()
    with pytest.raises(ValueRangeError, match="1 to 16 cells"):
        placement(model, doors(), images=4, grid=17, segmenter=reader)
    with pytest.raises(ConceptError, match="did you mean 'wall'"):
        rough_boxes(model, doors(), RoughPlace("wal", (4, 4)), segmenter=reader)
    nothing = torch.full((2,), float("nan"))
    bare = UnitSet("planted", "units", DOORS, "door", nothing, {0.99: nothing})
    with pytest.raises(ValueRangeError, match="no values"):
        placement(model, bare, images=4, segmenter=reader)
    with pytest.raises(ConceptError, match="Name the concept"):
        placement(model, UnitSet("planted", "units", DOORS, None, torch.ones(2)), images=4, segmenter=reader)
