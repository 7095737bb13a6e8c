from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics import Overlap, overlap_at_top
from reference import overlap as reference

SIZES = [
    ((8, 8), (64, 64)),
    ((16, 16), (64, 64)),
    ((4, 6), (12, 18)),
    ((7, 5), (33, 40)),
    ((8, 8), (8, 8)),
    ((9, 9), (6, 4)),
]


def planted(seed: int, low: tuple[int, int], high: tuple[int, int], pictures: int = 7, units: int = 5):
    """Activations that follow the labels here and there, and labels in patches."""
    rng = np.random.default_rng(seed)
    patches = torch.from_numpy(rng.integers(0, 9, (pictures, 2, 4, 4)).astype(np.float32))
    labels = torch.nn.functional.interpolate(patches, size=high, mode="nearest").to(torch.uint8)
    labels[:, 1] = torch.where(labels[:, 1] > 0, labels[:, 1] + 8, labels[:, 1])
    activations = torch.from_numpy(rng.standard_normal((pictures, units, *low)).astype(np.float32))
    follow = torch.nn.functional.interpolate((labels[:, :1] == 3).float(), size=low, mode="area")
    activations[:, 0] += 2 * follow[:, 0]
    return activations, labels


@pytest.mark.parametrize(("low", "high"), SIZES)
def test_counts_equal_the_reference_exactly_in_float64(low, high):
    activations, labels = planted(1, low, high)
    activations = activations.double()
    thresholds = (
        reference.top_thresholds(activations, high, 0.05) + 1e-9
    )  # off the values: no scale rounds alike
    both, hot, labelled = reference.counts(activations, labels, thresholds, 20)
    overlap = Overlap(thresholds, 20)
    overlap.add(activations, labels)
    assert np.array_equal(overlap.intersection, both.numpy())
    assert np.array_equal(overlap.hot, hot.numpy())
    assert np.array_equal(overlap.labelled, labelled.numpy())


@pytest.mark.parametrize(("low", "high"), SIZES)
@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.2, 0.7])
def test_thresholds_are_exact_order_statistics_of_the_upsampled_values(low, high, fraction):
    activations, _ = planted(2, low, high)
    expected = reference.top_thresholds(activations.double(), high, fraction)
    marks = np.zeros((len(activations), 1, *high), np.uint8)
    found = overlap_at_top(activations.double(), marks, vocabulary_size=1, fraction=fraction)
    assert np.allclose(found.thresholds, expected, rtol=1e-12)


@pytest.mark.parametrize(("low", "high"), [((8, 8), (64, 64)), ((16, 16), (64, 64)), ((7, 5), (66, 60))])
def test_float32_agrees_with_the_reference_within_a_few_ten_thousandths(low, high):
    activations, labels = planted(3, low, high, pictures=40)
    thresholds, iou = reference.table_of_top(activations, labels, 20)
    overlap = overlap_at_top(activations, labels, vocabulary_size=20)
    assert np.allclose(overlap.thresholds, thresholds, atol=1e-5)
    assert np.abs(overlap.iou() - iou.numpy()).max() <= 5e-4


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 6), step=st.sampled_from([0.25, 1.0, 4.0]))
def test_merged_parts_equal_the_whole_even_when_values_tie(seed, cut, step):
    activations, labels = planted(seed, (4, 4), (16, 16))
    activations = (activations / step).round() * step
    whole = overlap_at_top(activations, labels, vocabulary_size=20, fraction=0.05)
    expected = reference.top_thresholds(activations.double(), (16, 16), 0.05)
    assert np.allclose(whole.thresholds, expected, rtol=1e-6)
    parts = [Overlap(whole.thresholds, 20) for _ in range(2)]
    parts[0].add(activations[:cut], labels[:cut])
    parts[1].add(activations[cut:], labels[cut:])
    parts[0].merge(parts[1])
    for name, tensor in whole.state().items():
        assert torch.equal(parts[0].state()[name], tensor)


class OnDisk:
    """Activations that are read some units at a time."""

    def __init__(self, activations: torch.Tensor) -> None:
        self.shape = tuple(activations.shape)
        self._activations = activations.numpy()

    def units(self, first: int, count: int) -> np.ndarray:
        return self._activations[:, first : first + count]


def test_activations_may_be_read_from_disk_some_units_at_a_time():
    activations, labels = planted(8, (8, 8), (16, 16))
    whole = overlap_at_top(activations, labels, vocabulary_size=20)
    read = overlap_at_top(OnDisk(activations), labels, vocabulary_size=20)
    assert np.array_equal(read.intersection, whole.intersection)


def test_half_precision_is_counted_in_float32():
    activations, labels = planted(9, (8, 8), (16, 16))
    half = activations.half()
    overlap = overlap_at_top(half, labels, vocabulary_size=20)
    assert np.array_equal(overlap.iou(), overlap_at_top(half.float(), labels, vocabulary_size=20).iou())


def test_a_dead_unit_is_never_hot():
    activations, labels = planted(4, (8, 8), (64, 64))
    activations[:, 1] = 0
    activations[:, 2] = activations[:, 2].clamp(min=0) * (torch.rand(7, 8, 8) < 0.001)
    overlap = overlap_at_top(activations, labels, vocabulary_size=20)
    assert overlap.hot[1] == 0
    assert (overlap.iou()[1] == 0).all()
    assert overlap.thresholds[1] == 0


def test_a_saved_overlap_comes_back_equal():
    activations, labels = planted(5, (8, 8), (16, 16))
    overlap = overlap_at_top(activations, labels, vocabulary_size=20)
    again = Overlap.from_state(overlap.state())
    assert np.array_equal(again.iou(), overlap.iou())
    assert (again.count, again.pixels) == (7, 7 * 256)


def test_wrong_shapes_and_labels_are_explained():
    activations, labels = planted(6, (8, 8), (16, 16))
    with pytest.raises(ShapeError, match="same pictures, got"):
        overlap_at_top(activations[:3], labels, vocabulary_size=20)
    with pytest.raises(ValueRangeError, match="Labels lie below 5, got 16"):
        overlap_at_top(activations, labels, vocabulary_size=5)
    with pytest.raises(ShapeError, match="uint8"):
        overlap_at_top(activations, labels.float(), vocabulary_size=20)
    activations[0, 0, 0, 0] = float("nan")
    with pytest.raises(ValueRangeError, match="NaN"):
        overlap_at_top(activations, labels, vocabulary_size=20)
    with pytest.raises(ShapeError, match="5 units"):
        Overlap(np.zeros(5), 20).add(torch.zeros(7, 4, 8, 8), labels)
    with pytest.raises(ValueRangeError, match="same thresholds"):
        Overlap(np.zeros(5), 20).merge(Overlap(np.ones(5), 20))
