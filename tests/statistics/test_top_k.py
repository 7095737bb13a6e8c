from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics import TopK


def slow_top(values: np.ndarray, ids: np.ndarray, k: int) -> np.ndarray:
    return np.array([sorted(ids, key=lambda i: (-unit[i], i))[:k] for unit in values.T])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 9999), k=st.integers(1, 8), cut=st.integers(0, 20), coarse=st.booleans())
def test_parts_in_any_order_keep_the_same_pictures_as_a_full_sort(seed, k, cut, coarse):
    values = np.random.default_rng(seed).standard_normal((20, 3)).astype(np.float32)
    values = values.round() if coarse else values
    ids = np.arange(20)
    first, second = TopK(3, k), TopK(3, k)
    first.add(values[cut:], ids[cut:])
    second.add(torch.from_numpy(values[:cut]), ids[:cut])
    first.merge(second)
    expected = slow_top(values, ids, k)
    assert np.array_equal(first.ids, expected)
    assert np.array_equal(first.values, np.take_along_axis(values.T, expected, axis=1))
    assert first.count == 20


def test_maps_count_by_their_highest_position_and_ids_are_counted_on():
    maps = torch.rand(9, 2, 3, 3)
    top = TopK(2, 4)
    top.add(maps[:5])
    top.add(maps[5:])
    assert np.array_equal(top.ids, slow_top(maps.amax(dim=(2, 3)).numpy(), np.arange(9), 4))


def test_a_saved_top_comes_back_equal(tmp_path):
    top = TopK(2, 4)
    top.add(torch.rand(9, 2))
    again = TopK.load(top.save(tmp_path / "top.safetensors"))
    assert np.array_equal(again.ids, top.ids) and np.array_equal(again.values, top.values)
    assert (again.k, again.count) == (4, 9)


def test_wrong_sizes_are_explained():
    with pytest.raises(ShapeError, match="one id for each of 3 pictures"):
        TopK(2, 4).add(torch.rand(3, 2), ids=[1, 2])
    with pytest.raises(ShapeError, match="k=0"):
        TopK(2, 0)
    with pytest.raises(ValueRangeError, match="same k"):
        TopK(2, 4).merge(TopK(2, 5))
