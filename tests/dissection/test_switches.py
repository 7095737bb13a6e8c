from __future__ import annotations

import numpy as np
import pytest

from inscape.dissection.switches import maxima, switches
from inscape.errors import ShapeError
from small_generators import small_generator

PICTURES = 600


def planted(seed=0):
    """Maxima of units: switches on in 6 %, 30 % and 70 % of pictures, then single modes of several shapes."""
    random = np.random.RandomState(seed)
    columns = []
    for share in (0.06, 0.3, 0.7):
        on = random.rand(PICTURES) < share
        columns.append(np.where(on, random.normal(8, 1, PICTURES), random.normal(1, 0.8, PICTURES)))
    columns.append(random.normal(3, 1, PICTURES))
    columns.append(random.gumbel(3, 1, PICTURES))
    columns.append(random.standard_normal((PICTURES, 256)).max(1))
    columns.append(random.uniform(0, 1, PICTURES))
    columns.append(np.full(PICTURES, 2.0))
    return np.stack(columns, 1)


def test_planted_switches_are_found_and_single_modes_are_not():
    judged = switches(planted())
    assert [found.is_switch for found in judged] == [True, True, True, False, False, False, False, False]


def test_the_parts_of_a_planted_switch_come_out():
    values = planted()
    for found, share in zip(switches(values)[:3], (values[:, :3] > 4.5).mean(0), strict=True):
        assert found.share_on == pytest.approx(share, abs=0.02)
        assert found.low == pytest.approx(1, abs=0.2) and found.high == pytest.approx(8, abs=0.5)
        assert 2 < found.threshold < 7
        assert found.d == pytest.approx(np.sqrt(2) * 7 / np.sqrt(1 + 0.64), rel=0.2)


def test_skewed_single_modes_are_hardly_ever_called_switches():
    random = np.random.RandomState(3)
    values = random.gumbel(0, 1, (PICTURES, 300))
    assert sum(found.is_switch for found in switches(values)) <= 6


def test_scaling_and_shifting_a_unit_changes_nothing():
    values = planted()
    for found, moved in zip(switches(values), switches(values * 7 - 3), strict=True):
        assert found.is_switch == moved.is_switch
        assert moved.d == pytest.approx(found.d, rel=1e-6)
        assert moved.threshold == pytest.approx(found.threshold * 7 - 3, rel=1e-6, abs=1e-6)


def test_maxima_are_the_largest_values_of_every_unit():
    model = small_generator()
    values = maxima(model, "layer8a", images=3, seed=11)
    for row, seed in zip(values, (11, 12, 13), strict=True):
        features = model.run_until(model.to_w(model.latents([seed])), "layer8a").features[0]
        assert np.allclose(row, features.amax((1, 2)).numpy(), atol=1e-5)


def test_too_few_pictures_are_refused():
    with pytest.raises(ShapeError, match="20 pictures or more"):
        switches(np.zeros((5, 3)))
