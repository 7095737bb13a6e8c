from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from inscape.dissection.effect_report import EffectReport
from inscape.dissection.effects import bootstrap_interval, control_of, effect, relative_change
from inscape.dissection.unit_set import UnitSet
from inscape.dissection.variants import FRESH_SEED, Series, random_sets
from inscape.editing import UnitEdit
from inscape.errors import CancelledError, ConceptError, LayerError, UnitError, ValueRangeError
from inscape.progress import CallbackProgress
from planted_effects import DOORS, TREES, UNITS, ColourReader, planted_generator
from small_generators import small_generator


def trees(values=1.0):
    return UnitSet(
        "planted", "units", TREES, "tree", torch.full((4,), values), {0.99: torch.full((4,), values)}
    )


def measure(units, concept=None, **options):
    return effect(planted_generator(), units, concept, images=40, segmenter=ColourReader(), **options)


def test_each_unit_takes_away_its_own_row_of_trees():
    found = measure(trees())
    assert found.curve == [(0, 0.0), (1, -0.25), (2, -0.5), (3, -0.75), (4, -1.0)]
    assert found.relative_change == -1.0 and found.area_after == 0.0
    assert found.area_before == pytest.approx(4 * 4 / 64)
    assert found.interval == (-1.0, -1.0)


def test_random_units_change_nothing_and_are_never_of_the_set():
    found = measure(trees(), controls=20)
    assert found.control["sets"] == 20 and len(found.control["each"]) == 20
    change = found.control["relative_change"]
    assert change == 0.0 and found.control["interval"] == [0.0, 0.0]
    sets = random_sets(UNITS, TREES, 20, FRESH_SEED)
    assert all(len(picked) == 4 and not set(picked) & set(TREES) for picked in sets)
    assert len({tuple(picked) for picked in sets}) == 20


def test_without_units_outside_the_set_the_comparison_is_left_out_and_that_is_said(tmp_path):
    assert random_sets(UNITS, range(30), 2, 0) == []  # ten are left
    assert random_sets(UNITS, range(20), 20, 0) == []  # twenty are left, one set
    found = measure(range(30), "tree", insert=False)
    assert found.control is None and found.relative_change == -1.0
    assert found.elsewhere["control"] is None and found.concepts["door"]["control"] is None
    assert "no comparison: outside this set the layer has too few units" in found.sentence()
    found.save(tmp_path / "report")
    again = EffectReport.load(tmp_path / "report")
    assert again.control is None and again.to_json() == json.loads(json.dumps(found.to_json()))
    page = (tmp_path / "report" / "index.html").read_text()
    assert "no comparison" in page and "random sets, 95" not in page and "<rect" not in page


def test_what_appears_is_what_stands_there_afterwards():
    rows = measure(trees())
    assert rows.appears == {"none": 1.0}
    doors = measure([*DOORS], "door")
    assert doors.appears == {"wall": 1.0} and doors.borders == {"wall": 1.0}
    assert rows.borders == {"none": 1.0}
    assert doors.elsewhere["units"] == 0.0 and doors.elsewhere["control"] > 0  # some random units are trees
    assert doors.concepts["wall"]["after"] > doors.concepts["wall"]["before"]
    assert doors.concepts["red"]["relative_change"] == -1.0


def test_insertion_puts_the_object_wherever_it_can_stand():
    found = measure(
        UnitSet("planted", "units", DOORS, "door", torch.ones(2), {0.99: torch.ones(2)}), insert=True
    )
    before = found.area_before
    possible = 6 * 8 / 64  # doors stand anywhere but in the two upper rows
    assert found.insertion["area"] == pytest.approx(possible)
    assert found.insertion["effect"] == pytest.approx(possible / before)
    assert found.insertion["relative_change"] == pytest.approx(possible / before - 1)
    assert found.insertion["control"]["effect"] == pytest.approx(0.0)


def test_units_without_values_cannot_be_switched_on():
    with pytest.raises(ValueRangeError, match="no values to switch them on"):
        measure([0, 1], "door", insert=True)


def test_a_generator_that_cannot_stop_gives_the_same():
    whole = effect(planted_generator(stops=False), trees(), images=40, segmenter=ColourReader(), insert=True)
    parts = measure(trees(), insert=True)
    assert whole.to_json() == parts.to_json()
    assert (whole.strip == parts.strip).all()


def test_what_lies_below_the_layer_runs_once_for_each_batch():
    model = planted_generator()
    effect(model, trees(), images=64, segmenter=ColourReader())
    assert model.module.synthesis.below == 2


def test_variants_draw_what_the_full_pass_draws():
    model = small_generator()
    edit = UnitEdit("layer16a", (0, 3), np.array([2.0, -2.0]))
    batch = Series.of(model, "layer16a", 2, {}).variants([5, 9])
    for picture, seed in zip(batch.edited(edit), [5, 9], strict=True):
        alone = model.images(model.to_w(model.latents([seed])), [edit])[0].clamp(-1, 1)
        assert torch.allclose(picture, alone, atol=1e-5)
    assert torch.allclose(
        batch.draw(), model.images(model.to_w(model.latents([5, 9]))).clamp(-1, 1), atol=1e-5
    )


def test_results_do_not_depend_on_what_was_measured_beside_them():
    first, second = measure(trees(), seed=FRESH_SEED + 7), measure(trees(), seed=FRESH_SEED + 7, insert=True)
    left, right = first.to_json(), second.to_json()
    assert {**left, "insertion": None} == {**right, "insertion": None}


def test_the_strip_shows_the_pictures_with_most_of_the_concept():
    found = measure([*DOORS], "door")
    assert found.strip.shape == (4, 3, 16, 16, 3) and len(found.strip_seeds) == 4
    red = (found.strip[..., 0] > 200).mean((2, 3))
    assert (red[:, 0] > red[:, 1]).all() and (red[:, 2] == 0).all()


def test_a_saved_report_comes_back_and_its_page_stands_alone(tmp_path):
    found = measure(trees(), insert=True)
    found.save(tmp_path / "report")
    again = EffectReport.load(tmp_path / "report")
    assert again.to_json() == json.loads(json.dumps(found.to_json()))
    assert (again.strip == found.strip).all()
    page = (tmp_path / "report" / "index.html").read_text()
    assert "strip.png" in page and "://" not in page and "random sets" in page
    assert list(found.table().columns) == ["concept", "before", "after", "relative_change", "control"]


def test_names_from_a_report_are_escaped_on_the_page(tmp_path):
    hostile = UnitSet("<script>", "units", TREES, "tree", torch.ones(4))
    model = planted_generator()
    model.card = model.card.model_copy(update={"name": "<script>alert(1)</script>"})
    effect(model, hostile, images=4, segmenter=ColourReader(), controls=2).save(tmp_path / "r")
    assert "<script>" not in (tmp_path / "r" / "index.html").read_text()


def test_what_was_not_there_has_no_relative_change():
    assert relative_change(0.0, 0.5) is None
    assert control_of([None, None]) == {"sets": 2, "relative_change": None, "interval": None, "each": []}
    assert bootstrap_interval(np.zeros(5), np.ones(5)) is None


def test_the_bootstrap_interval_covers_a_known_change_as_often_as_it_says():
    random, hits = np.random.RandomState(1), 0
    for _ in range(200):
        before = random.exponential(1.0, 60)
        after = before * random.uniform(0.2, 0.6, 60)
        low, high = bootstrap_interval(before, after, draws=300)
        hits += low <= -0.6 <= high
    assert 0.88 <= hits / 200 <= 1.0


def test_impossible_requests_are_refused():
    with pytest.raises(ConceptError, match="did you mean 'door'"):
        measure([0], "dor")
    with pytest.raises(ConceptError, match="Name the concept"):
        measure([0])
    with pytest.raises(UnitError, match="units 0 to 39"):
        measure([40], "door")
    with pytest.raises(LayerError, match="no layer"):
        measure([0], "door", layer="layer3")
    with pytest.raises(ValueRangeError, match="at least 2 pictures"):
        effect(planted_generator(), [0], "door", images=1, segmenter=ColourReader())
    with pytest.raises(ValueRangeError, match="at least 2 random sets"):
        measure([0], "door", controls=1)


def test_the_work_stops_when_asked():
    progress = CallbackProgress(lambda step: step["done"] and progress.cancel())
    with pytest.raises(CancelledError):
        measure(trees(), progress=progress)
