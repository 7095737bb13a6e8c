from __future__ import annotations

import numpy as np
import pytest

import inscape
from inscape.dissection.concept_search import (
    area_under_curve,
    average_precision,
    rank_units,
    search_units,
    top_precision,
)
from inscape.dissection.switches import maxima
from inscape.errors import LayerError, RegionError, ShapeError, ValueRangeError
from planted_effects import DOORS, planted_generator


def has_red(pictures):
    """A person's own concept, told in pixels; the search sees nothing else."""
    return (pictures[..., 0] > 200).mean((1, 2)) > 0.01


def test_a_predicate_finds_the_units_that_draw_the_concept():
    found = search_units(planted_generator(), has_red, images=80)
    assert {unit.unit for unit in found.units[:2]} == set(DOORS)
    assert found.units[0].precision == 1.0 and found.units[0].auc == 1.0
    assert found.units[2].precision < 0.9
    assert found.positives + found.others == 80
    assert found.chance < 0.9
    assert found.best(2).conditional_mean.tolist() == [1.0, 1.0]


def test_example_pictures_find_them_too():
    model = planted_generator()
    seeds = range(400, 460)
    z = model.latents(seeds)[:, 1].numpy()
    examples = [seed for seed, value in zip(seeds, z, strict=True) if value > 0][:12]
    found = search_units(model, examples, images=60)
    assert {unit.unit for unit in found.units[:2]} == set(DOORS)
    assert found.positives == 12 and found.others == 60


def test_marked_regions_find_the_unit_that_fires_in_them():
    model = planted_generator()
    marks = {seed: inscape.box(12, 8, 2, 8) for seed in range(30) if model.latents([seed])[0, 1] > 0}
    found = search_units(model, marks, images=60)
    assert found.units[0].unit == DOORS[0]
    assert found.units[0].mean_on == pytest.approx(1.0)


def test_the_truth_is_used_only_afterwards():
    model = planted_generator()
    values = maxima(model, images=100, seed=5000)
    truth = model.latents(range(5000, 5100))[:, 1].numpy() > 0
    judged = top_precision(values, truth, [*DOORS, 30])
    assert judged[DOORS[0]] == judged[DOORS[1]] == 1.0


def test_average_precision_and_area_are_what_their_definitions_say():
    random = np.random.RandomState(2)
    values, shows = random.standard_normal((60, 5)), random.rand(60) < 0.2
    values[shows, 1] += 2
    for unit in range(5):
        order = np.argsort(-values[:, unit])
        precisions = [shows[order[: k + 1]].mean() for k in range(60) if shows[order[k]]]
        assert average_precision(values, shows)[unit] == pytest.approx(np.mean(precisions))
        above = values[shows, unit][:, None] > values[~shows, unit][None]
        assert area_under_curve(values, shows)[unit] == pytest.approx(above.mean())


def test_ties_count_half():
    assert area_under_curve(np.zeros((10, 1)), np.arange(10) < 4)[0] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_pictures_of_equal_value_are_one_step_of_average_precision(seed):
    random = np.random.RandomState(seed)
    values, shows = random.randint(0, 4, (40, 6)).astype(float), random.rand(40) < 0.3
    values[:, 0] = 0
    for unit in range(6):
        precisions = [shows[values[:, unit] >= value].mean() for value in values[shows, unit]]
        assert average_precision(values, shows)[unit] == pytest.approx(np.mean(precisions))
    assert average_precision(values, shows)[0] == pytest.approx(shows.mean())


def test_a_unit_that_never_fires_is_not_ranked_first_for_pictures_that_come_first():
    random = np.random.RandomState(0)
    shows = np.arange(100) < 5
    values = np.stack([np.zeros(100), random.standard_normal(100) + 2 * shows], 1)
    assert [found.unit for found in rank_units(values, shows).units] == [1, 0]


def test_noise_stays_below_chance():
    random = np.random.RandomState(4)
    above = 0
    for _ in range(20):
        search = rank_units(random.standard_normal((150, 30)), random.rand(150) < 0.1)
        above += search.units[0].precision > search.chance
    assert above <= 5


def test_what_cannot_be_searched_for_is_refused():
    model = planted_generator()
    with pytest.raises(ValueRangeError, match="got 0 with it of 10"):
        search_units(model, lambda pictures: np.zeros(len(pictures), bool), images=10)
    with pytest.raises(ShapeError, match="one answer for each of 10"):
        search_units(model, lambda pictures: np.zeros(3, bool), images=10)
    with pytest.raises(ValueRangeError, match="at least one picture"):
        search_units(model, [], images=10)
    with pytest.raises(RegionError, match="outside the picture"):
        search_units(model, {1: inscape.box(10, 10, 10, 10)}, images=10)
    with pytest.raises(LayerError, match="no layer"):
        search_units(model, has_red, layer="layer1", images=10)
