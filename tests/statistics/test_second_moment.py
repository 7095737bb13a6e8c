from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics import Covariance, SecondMoment, frechet_distance


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), cut=st.integers(0, 40))
def test_parts_merge_to_the_second_moment_and_covariance_of_the_whole(seed, cut):
    values = np.random.default_rng(seed).standard_normal((40, 5)) + 3
    for kind in (SecondMoment, Covariance):
        whole, part = kind(5), kind(5)
        whole.add(values[:cut])
        part.add(torch.from_numpy(values[cut:]))
        whole.merge(part)
        assert whole.count == 40
        exact = values.T @ values / 40 if kind is SecondMoment else np.cov(values.T)
        measured = whole.moment() if isinstance(whole, SecondMoment) else whole.covariance()
        assert np.allclose(measured, exact, rtol=1e-10)


def test_maps_count_every_position_as_a_vector():
    maps = torch.randn(2, 3, 4, 5)
    second = SecondMoment(3)
    second.add(maps)
    vectors = maps.permute(0, 2, 3, 1).reshape(-1, 3).double()
    assert second.count == 40
    assert torch.allclose(second.moment(), vectors.T @ vectors / 40)


@pytest.mark.parametrize("kind", [SecondMoment, Covariance])
def test_saved_statistics_come_back_equal(tmp_path, kind):
    statistic = kind(3)
    statistic.add(torch.randn(9, 3))
    again = kind.load(statistic.save(tmp_path / "statistic.safetensors"))
    for name, tensor in statistic.state().items():
        assert torch.equal(again.state()[name], tensor)


def gathered(values) -> Covariance:
    covariance = Covariance(values.shape[1])
    covariance.add(values)
    return covariance


def test_the_distance_of_normals_with_diagonal_covariances_is_the_closed_form():
    one, two = torch.randn(4000, 3, dtype=torch.float64), torch.randn(4000, 3, dtype=torch.float64)
    one, two = ((part - part.mean(0)) for part in (one, two))
    one = one @ torch.linalg.inv(torch.linalg.cholesky(one.T.cov())).T
    two = two @ torch.linalg.inv(torch.linalg.cholesky(two.T.cov())).T
    scale, shift = torch.tensor([1.0, 2.0, 0.5]), torch.tensor([0.0, 1.0, -2.0])
    expected = shift.square().sum() + (1 - scale).square().sum()
    assert frechet_distance(gathered(one), gathered(two * scale + shift)) == pytest.approx(
        float(expected), rel=1e-6
    )


def test_the_distance_agrees_with_the_matrix_root():
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(1)
    one, two = (
        rng.standard_normal((60, 6)) @ rng.standard_normal((6, 6)) + rng.standard_normal(6) for _ in "ab"
    )
    root = sqrtm(np.cov(one.T) @ np.cov(two.T)).real
    exact = np.square(one.mean(0) - two.mean(0)).sum() + np.trace(np.cov(one.T) + np.cov(two.T) - 2 * root)
    assert frechet_distance(gathered(one), gathered(two)) == pytest.approx(exact, rel=1e-8)
    assert frechet_distance(gathered(two), gathered(one)) == pytest.approx(exact, rel=1e-8)


def test_a_covariance_of_vectors_is_what_adding_them_gives():
    vectors = np.random.default_rng(2).standard_normal((9, 3))
    assert torch.allclose(Covariance.of(vectors).covariance(), torch.from_numpy(np.cov(vectors.T)))


def test_a_set_is_at_no_distance_from_itself_even_when_flat():
    flat = torch.randn(50, 4)
    flat[:, 3] = flat[:, 0]
    assert frechet_distance(gathered(flat), gathered(flat)) == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_compared_is_explained():
    with pytest.raises(ValueRangeError, match="two vectors or more"):
        frechet_distance(Covariance(3), Covariance(3))
    with pytest.raises(ValueRangeError, match="same dims"):
        frechet_distance(Covariance(3), Covariance(4))
    with pytest.raises(ShapeError, match="with 3 dims"):
        SecondMoment(3).add(torch.zeros(2, 4))


def test_a_distance_of_what_is_not_finite_is_refused():
    whole, broken = Covariance(2), Covariance(2)
    whole.add(torch.tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]]))
    broken.add(torch.tensor([[1.0, float("nan")], [1.0, 2.0]]))
    for pair in ((whole, broken), (broken, whole)):
        with pytest.raises(ValueRangeError, match="finite"):
            frechet_distance(*pair)
