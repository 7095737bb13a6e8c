from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from inscape.statistics import _masks
from inscape.statistics._masks import small_product

NAMES = ("by_bytes", "by_floats")


@pytest.mark.parametrize("name", NAMES)
def test_the_product_that_is_measured_faster_is_the_one_that_is_used(name, faster, monkeypatch):
    faster(name)
    used = []
    for each in NAMES:
        product = getattr(_masks, each)

        def noted(left, right, product=product):
            used.append(product.__name__)
            return product(left, right)

        noted.__name__ = each
        monkeypatch.setattr(_masks, each, noted)
    small_product(np.ones((2, 3), dtype=bool), np.ones((3, 4), dtype=bool))
    assert used == [name]


def test_products_are_measured_once_in_a_process_however_many_threads_ask(faster):
    measured = faster("by_bytes")
    ones = np.ones((4, 8), dtype=bool)
    with ThreadPoolExecutor(4) as threads:
        for _ in range(8):
            threads.submit(small_product, ones, ones.T).result()
    assert sorted(measured) == sorted(NAMES)


def test_floats_are_used_where_torch_has_no_product_of_bytes(faster, monkeypatch):
    measured = faster("by_bytes")
    monkeypatch.delattr(torch, "_int_mm")
    assert np.array_equal(small_product(np.ones((2, 3), dtype=bool), np.ones((3, 1), dtype=bool)), [[3], [3]])
    assert measured == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inner", [1, 4000, 3 * _masks._PIECE + 5])
def test_products_are_exact_and_the_same_either_way(name, inner, faster):
    faster(name)
    random = np.random.default_rng(0)
    left = random.integers(0, 128, (24, inner), dtype=np.uint8)
    right = random.random((inner, 16)) > 0.5
    counts = small_product(left, right)
    assert counts.dtype == np.int32
    assert np.array_equal(counts, left.astype(np.int64) @ right.astype(np.int64))


@pytest.mark.parametrize("name", NAMES)
def test_sums_that_a_float_does_not_hold_are_exact_too(name, faster):
    faster(name)
    inner = (1 << 24) // 127 + 9
    left, right = np.full((1, inner), 127, dtype=np.uint8), np.ones((inner, 1), dtype=bool)
    assert small_product(left, right).item() == 127 * inner
