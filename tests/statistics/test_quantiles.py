from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics import Quantiles

FRACTIONS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]


def rank_errors(sketch: Quantiles, values: np.ndarray) -> np.ndarray:
    found = sketch.quantiles(FRACTIONS)
    ordered = np.sort(values, axis=0)
    below = np.stack([np.searchsorted(ordered[:, u], found[u], side="left") for u in range(values.shape[1])])
    upto = np.stack([np.searchsorted(ordered[:, u], found[u], side="right") for u in range(values.shape[1])])
    wanted = np.array(FRACTIONS) * len(values)
    return np.maximum(0, np.maximum(below - wanted, wanted - upto)) / len(values)


def test_ranks_are_within_a_thousandth_of_the_exact_ones():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((200_000, 24)).astype(np.float32)
    values[:, 1] = np.sort(values[:, 1])
    values[:, 2] = np.sort(values[:, 2])[::-1]
    values[:, 3] = np.maximum(values[:, 3], 0)
    values[:, 4] = np.exp(3 * values[:, 4])
    sketch = Quantiles(24)
    for part in np.split(values, 16):
        sketch.add(part)
    assert rank_errors(sketch, values).max() <= 0.001
    assert np.array_equal(sketch.quantiles([0, 1]), np.stack([values.min(0), values.max(0)], axis=1))
    grid = sketch.quantiles(np.linspace(0, 1, 33))
    assert (np.diff(grid, axis=1) >= 0).all()


def test_merged_sketches_are_as_good_as_one():
    values = np.random.default_rng(1).gamma(0.5, size=(120_000, 8)).astype(np.float32)
    parts = []
    for index, part in enumerate(np.split(values, 6)):
        parts.append(Quantiles(8, seed=index))
        parts[-1].add(part)
    whole = parts[0]
    for part in parts[1:]:
        whole.merge(part)
    assert whole.count == 120_000
    assert rank_errors(whole, values).max() <= 0.001


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), size=st.integers(1, 120), cut=st.integers(0, 120))
def test_few_samples_are_kept_and_answered_exactly(seed, size, cut):
    values = np.random.default_rng(seed).integers(-5, 6, (size, 3)).astype(np.float32)
    sketch, rest = Quantiles(3, capacity=256), Quantiles(3, capacity=256)
    sketch.add(values[:cut])
    rest.add(values[cut:])
    sketch.merge(rest)
    exact = np.quantile(values, FRACTIONS, axis=0, method="inverted_cdf").T
    assert np.array_equal(sketch.quantiles(FRACTIONS), exact)
    shares = (values <= 1).mean(axis=0)
    assert np.allclose(sketch.ranks(np.ones(3))[:, 0], shares)


def test_weights_always_add_up_to_the_count():
    sketch = Quantiles(2, capacity=8)
    for size in (3, 50, 1, 17, 200):
        sketch.add(np.random.default_rng(size).random((size, 2)))
        assert (sketch._sorted()[1][:, -1] == sketch.count).all()


def test_the_same_seed_gives_the_same_sketch_and_saving_changes_nothing(tmp_path):
    values = torch.randn(50, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    one, two = Quantiles(3, capacity=64, seed=4), Quantiles(3, capacity=64, seed=4)
    one.add(values)
    two.add(values[:20])
    two = Quantiles.load(two.save(tmp_path / "sketch.safetensors"))
    two.add(values[20:])
    again = Quantiles(3, capacity=64, seed=4)
    again.add(values[:20])
    again.add(values[20:])
    assert np.array_equal(two.quantiles(FRACTIONS), again.quantiles(FRACTIONS))
    assert np.array_equal(one.quantiles([0, 1]), two.quantiles([0, 1]))


def test_questions_without_an_answer_are_refused():
    with pytest.raises(ValueRangeError, match=r"fractions in \[0, 1\], got 0"):
        Quantiles(2).quantiles(0.5)
    sketch = Quantiles(2)
    sketch.add(np.zeros((3, 2)))
    with pytest.raises(ValueRangeError, match=r"got 3 and 1\.5"):
        sketch.quantiles(1.5)
    with pytest.raises(ShapeError, match="even number"):
        Quantiles(2, capacity=7)
    with pytest.raises(ValueRangeError, match="same capacity"):
        sketch.merge(Quantiles(2, capacity=8))
