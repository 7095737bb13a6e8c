from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import FormatError, ShapeError, ValueRangeError
from inscape.statistics import Moments, SecondMoment


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 9999), cuts=st.lists(st.integers(1, 29), max_size=3), offset=st.sampled_from([0, 1e4])
)
def test_parts_merge_to_the_mean_and_variance_of_the_whole(seed, cuts, offset):
    values = np.random.default_rng(seed).standard_normal((30, 4)) + offset
    whole = Moments(4)
    for part in np.split(values, sorted(set(cuts))):
        moments = Moments(4)
        moments.add(part)
        whole.merge(moments)
    assert whole.count == 30
    assert np.allclose(whole.mean, values.mean(axis=0), rtol=1e-12)
    assert np.allclose(whole.variance(), values.var(axis=0, ddof=1), rtol=1e-9)
    assert np.allclose(whole.variance(unbiased=False), values.var(axis=0), rtol=1e-9)
    assert np.allclose(whole.deviation(), values.std(axis=0, ddof=1), rtol=1e-9)


def test_every_position_of_a_map_is_a_sample():
    maps = torch.randn(3, 5, 4, 2)
    moments = Moments(5)
    moments.add(maps)
    assert moments.count == 24
    assert np.allclose(moments.mean, maps.mean(dim=(0, 2, 3)), atol=1e-6)


def test_saved_moments_come_back_equal_and_go_on(tmp_path):
    values = np.random.default_rng(0).standard_normal((20, 3))
    moments = Moments(3)
    moments.add(values[:8])
    again = Moments.load(moments.save(tmp_path / "moments.safetensors"))
    again.add(values[8:])
    assert np.allclose(again.variance(), values.var(axis=0, ddof=1))


def test_what_does_not_belong_together_is_refused(tmp_path):
    with pytest.raises(ValueRangeError, match="same units can be merged, got 3 and 4"):
        Moments(3).merge(Moments(4))
    with pytest.raises(ShapeError, match=r"with 3 units, got \(2, 4\)"):
        Moments(3).add(np.zeros((2, 4)))
    with pytest.raises(ValueRangeError, match="NaN"):
        Moments(1).add(np.array([[np.nan]]))
    path = Moments(3).save(tmp_path / "x.safetensors")
    with pytest.raises(FormatError, match="holds Moments, not SecondMoment"):
        SecondMoment.load(path)


def test_large_halves_are_finite_numbers():
    moments = Moments(1)
    moments.add(np.array([[40_000.0], [60_000.0]], np.float16))
    assert moments.mean[0] == pytest.approx(50_000, rel=1e-3)
