from __future__ import annotations

import numpy as np
import pytest
import torch

import inscape
from inscape.dissection.ordering import Order
from inscape.dissection.unit_set import UnitSet
from inscape.errors import ConceptError, ValueRangeError
from inscape.painting import Brush, concept_units, paint


def doors():
    return UnitSet(
        "small",
        "layer16a",
        (3, 1, 5),
        "door",
        torch.tensor([1.0, 2.0, 3.0]),
        {0.99: torch.tensor([4.0, 5.0, 6.0]), 0.995: torch.tensor([7.0, 8.0, 9.0])},
    )


def test_painting_makes_an_edit_with_the_values_of_the_units():
    region = inscape.box(1, 2, 3, 4)
    edit = paint(doors(), region, strength=0.5, value="mean")
    assert (edit.layer, edit.units, edit.strength, edit.mode) == ("layer16a", (3, 1, 5), 0.5, "draw")
    assert edit.targets.tolist() == [1, 2, 3] and edit.concept == "door"
    assert edit.region.rectangle == (1, 2, 3, 4)
    assert paint(doors(), region).targets.tolist() == [4, 5, 6]
    assert paint(doors(), region, value="quantile").targets.tolist() == [4, 5, 6]
    assert paint(doors(), region, value=0.995).targets.tolist() == [7, 8, 9]


def test_removing_goes_to_zero():
    edit = paint(doors(), inscape.box(1, 2, 3, 4), remove=True)
    assert edit.mode == "remove" and edit.targets.tolist() == [0, 0, 0]


def test_values_that_the_units_do_not_have_are_refused():
    with pytest.raises(ValueRangeError, match="level 0.5; known: 0.99, 0.995"):
        paint(doors(), inscape.box(1, 2, 3, 4), value=0.5)
    with pytest.raises(ValueRangeError, match="'mean', 'quantile' or a level"):
        paint(doors(), inscape.box(1, 2, 3, 4), value="median")
    with pytest.raises(ValueRangeError, match="between 0 and 1, got 2"):
        paint(doors(), inscape.box(1, 2, 3, 4), strength=2)


def test_a_brush_paints_with_its_best_units():
    brush = Brush("door", doors(), strength=0.25, value="quantile")
    edit = brush.with_units(2).draw(inscape.box(0, 0, 1, 1))
    assert edit.units == (3, 1) and np.allclose(edit.targets, [4, 5]) and edit.strength == 0.25
    assert brush.remove(inscape.box(0, 0, 1, 1)).mode == "remove"
    with pytest.raises(ValueRangeError, match="strength of a brush"):
        Brush("door", doors(), strength=-1)
    with pytest.raises(ValueRangeError, match="level 0.3"):
        Brush("door", doors(), value=0.3)


class _Report:
    """What a brush asks of a report."""

    model, layer, matches = "small", "layer16a", {"door": 3, "sky": 1}

    def order(self, concept, rank=None):
        return Order(rank or "iou", doors().units)

    def units(self, concept, top, *, rank):
        return doors().first(min(top, 3))

    def unit_set(self, units):
        some = torch.ones(len(units))
        return UnitSet("small", "layer16a", tuple(units), None, some, {0.99: some})


def test_brushes_come_from_a_concept_or_from_hand_picked_units():
    assert Brush.from_report(_Report(), "door", top=2).units.units == (3, 1)
    picked = Brush.of_units(_Report(), [4, 2])
    assert picked.name == "units 4, 2" and picked.draw(inscape.box(0, 0, 1, 1)).concept == ""


def test_a_concept_that_no_unit_matches_makes_no_brush():
    for make in (Brush.from_report, concept_units):
        with pytest.raises(ConceptError, match=r"matches 'tree'.* Concepts with units: door, sky\."):
            make(_Report(), "tree")
