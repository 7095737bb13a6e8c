from __future__ import annotations

import base64
import copy
import csv
import re
from dataclasses import replace

import pytest
import torch

from inscape.dissection.atlas import AtlasOptions, Entry, changes_between, make_atlas
from inscape.dissection.atlas_report import Change
from inscape.dissection.pruning import pruned
from inscape.errors import UnsupportedError, UsageError, ValueRangeError
from inscape.models import Model, open_model
from inscape.reports import load_report
from inscape.sources.held import HeldPictures
from planted_classes import CARRY, CLASSES, NOISE, ColourUnits, Patches, colours


class Switched(ColourUnits):
    """Blue is no longer seen, and what was noise sees red."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        units = super().forward(images)
        return torch.cat([units[:, :4], torch.zeros_like(units[:, :2]), units[:, :2]], 1)


@pytest.fixture(scope="module")
def model():
    return colours()


@pytest.fixture(scope="module")
def atlas(model):
    module = copy.deepcopy(model.module)
    module.units = Switched()
    entries = [Entry(model, "before", 1.0), Entry(Model(module, model.card), "after", 2.0)]
    return make_atlas(entries, Patches(), AtlasOptions(images=160, controls=2, along="moments"))


def test_units_that_are_colours_are_named_so_and_noise_is_not(atlas):
    before = atlas.rows[0]
    for name in CLASSES:
        assert {before.labels[unit] for unit in CARRY[name]} == {name}
    assert {before.labels[unit] for unit in NOISE} == {None}
    assert before.concepts == {"red": 2, "green": 2, "blue": 2}
    assert before.accuracy == 1


def test_with_shuffled_label_maps_nothing_is_detected(atlas):
    assert [row.control for row in atlas.rows] == [0, 0]


def test_what_became_of_the_units_is_told(atlas):
    (change,) = atlas.changes
    assert (change.kept, change.switched, change.born, change.died) == (4, 0, 2, 2)
    assert change.changed == 4


def test_switches_are_counted_by_what_they_were_and_became(atlas):
    first, second = atlas.rows
    other = second._replace(labels=["green", "red", *first.labels[2:]])
    change = Change.between(first, other)
    assert (change.kept, change.switched) == (5, 1)
    assert change.from_to == [("red", "green", 1)] and change.frequent() == "red → green 1"


def test_lines_are_compared_with_themselves_and_the_largest_control_is_drawn(atlas):
    first = atlas.rows[0]
    rows = [
        first._replace(model=f"{line} {share}", line=line, place=share, control=share / 10 + number)
        for number, line in enumerate(("smallest", "random", "smallest, trained again"))
        for share in (0.0, 50.0, 80.0)
    ]
    mixed = [rows[number] for number in (0, 6, 1, 7, 2, 8, 3, 4, 5)]  # as copies are made: each, then again
    pairs = [(change.before, change.after) for change in changes_between(mixed)]
    shares = [("0.0", "50.0"), ("50.0", "80.0"), ("0.0", "80.0")]
    lines = ("smallest", "smallest, trained again", "random")
    assert pairs == [(f"{line} {one}", f"{line} {two}") for line in lines for one, two in shares]
    links = re.findall(r'text/csv;base64,([^"]+)"', replace(atlas, rows=mixed).figure())
    drawn = list(csv.DictReader(base64.b64decode(links[0]).decode().splitlines()))
    control = "shuffled label maps, the most of all lines"
    assert [(row["moments"], row[control]) for row in drawn] == [("0", "2"), ("50", "7"), ("80", "10")]


def test_a_report_is_what_was_saved(atlas, tmp_path):
    kept = load_report(atlas.save(tmp_path / "report"))
    assert kept == atlas
    document = atlas.to_json()
    assert {"model", "layer", "units", "concepts", "control"} <= set(document["rows"][0])
    assert "What became of the units" in (tmp_path / "report" / "index.html").read_text()
    assert atlas.concept_table()["concept"].iloc[0] == "red"


def test_held_pictures_never_keep_their_own_label_map_when_shuffled(model):
    held = HeldPictures.of(Patches(), model, range(30))
    assert torch.equal(held.run(model, [3, 5]).inputs, held.pictures[[3, 5]])
    for seed in range(3):
        moved = held.shuffled(seed)
        assert sorted(map(_sum, moved.labels)) == sorted(map(_sum, held.labels))
        assert not any(torch.equal(a, b) for a, b in zip(moved.labels, held.labels, strict=True))


def _sum(labels: torch.Tensor) -> int:
    return int((labels.flatten().long() * torch.arange(labels.numel())).sum())


def test_pruning_takes_the_smallest_weights_and_leaves_the_model_alone():
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3, bias=False))
    whole = Model(module, colours().card)
    before = [parameter.clone() for parameter in module.parameters()]
    flat = torch.cat([layer.weight.detach().abs().flatten() for layer in module])
    half = pruned(whole, 0.6)
    left = torch.cat([layer.weight.detach().abs().flatten() for layer in half.model.module])
    assert int((left == 0).sum()) == 21
    assert torch.equal(left[left > 0].sort().values, flat.sort().values[21:])
    assert all(torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
    assert torch.equal(half.model.module[0].bias, module[0].bias)
    random = pruned(whole, 0.6, random=3)
    gone = [int((layer.weight == 0).sum()) for layer in random.model.module]
    assert gone == [int((layer.weight == 0).sum()) for layer in half.model.module]
    assert random.model.name == "colours, 60 % pruned at random"
    with torch.no_grad():
        for parameter in half.model.module.parameters():
            parameter.add_(1)
    half.hold()
    held = torch.cat([layer.weight.detach().flatten() for layer in half.model.module])
    assert int((held == 0).sum()) == 21


def test_what_makes_no_atlas_is_refused(model):
    with pytest.raises(UsageError, match="at least one model, got none"):
        make_atlas([], Patches())
    with pytest.raises(UnsupportedError, match="'town' is a generator"):
        make_atlas([Entry(open_model("town", device="cpu"), "town")], Patches())
    with pytest.raises(ValueRangeError, match="at least one shuffle"):
        AtlasOptions(controls=0)
    with pytest.raises(ValueRangeError, match="from 0 to below 1, got 1"):
        pruned(model, 1.0)
