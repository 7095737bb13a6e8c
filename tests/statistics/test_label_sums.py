from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from inscape.statistics import _label_sums
from inscape.statistics._label_sums import label_sums

NAMES = ("by_bytes", "by_floats")
THREE = np.array([1, 2]), np.array([2, 1, 2]), np.ones((3, 2), dtype=bool)


@pytest.mark.parametrize("name", NAMES)
def test_the_product_that_is_measured_faster_is_the_one_that_is_used(name, faster, monkeypatch):
    faster(name)
    used = []
    for each in NAMES:
        product = getattr(_label_sums, each)

        def noted(kinds, labels, hot, product=product):
            used.append(product.__name__)
            return product(kinds, labels, hot)

        noted.__name__ = each
        monkeypatch.setattr(_label_sums, each, noted)
    label_sums(*THREE)
    assert used == [name]


def test_products_are_measured_once_in_a_process_however_many_threads_ask(faster):
    measured = faster("by_bytes")
    with ThreadPoolExecutor(4) as threads:
        for _ in range(8):
            threads.submit(label_sums, *THREE).result()
    assert sorted(measured) == sorted(NAMES)


def test_floats_are_used_where_torch_has_no_product_of_bytes(faster, monkeypatch):
    measured = faster("by_bytes")
    monkeypatch.delattr(torch, "_int_mm")
    assert np.array_equal(label_sums(*THREE), [[1, 1], [2, 2]])
    assert measured == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("places", [1, 4000])
def test_sums_are_exact_and_the_same_either_way(name, places, faster):
    faster(name)
    random = np.random.default_rng(0)
    labels, hot = random.integers(0, 255, places), random.random((places, 16)) > 0.5
    kinds = np.array([1, 7, 254])
    counts = label_sums(kinds, labels, hot)
    assert counts.dtype == np.int32
    assert np.array_equal(counts, (kinds[:, None] == labels).astype(int) @ hot.astype(int))


def test_a_true_measurement_chooses_one_of_them():
    _label_sums._fastest.cache_clear()
    assert _label_sums._fastest() in (_label_sums.by_bytes, _label_sums.by_floats)
