from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from inscape.concepts import Concept, Vocabulary
from inscape.errors import ShapeError, ValueRangeError
from inscape.segmenters.areas import ClassAreas, WorldDistance, class_areas
from inscape.segmenters.exact import ExactSegmenter
from small_worlds import VOCABULARY, SmallWorld


def filled(labels: torch.Tensor, vocabulary: Vocabulary = VOCABULARY) -> ClassAreas:
    areas = ClassAreas(vocabulary)
    areas.add(labels)
    return areas


def test_areas_are_the_shares_of_pixels():
    labels = torch.from_numpy(SmallWorld().batch(range(5), 16)[1])
    areas = class_areas(labels, VOCABULARY)
    assert areas.dtype == torch.float64 and areas.shape == (5, 7)
    for number in range(7):
        expected = (labels == number + 1).flatten(1).double().sum(1) / 256
        torch.testing.assert_close(areas[:, number], expected)


def test_what_are_no_label_maps_is_refused():
    with pytest.raises(ShapeError, match=r"uint8 \[batch, 3, height, width\]"):
        class_areas(torch.zeros(1, 3, 4, 4), VOCABULARY)


def test_batches_add_up():
    labels = torch.from_numpy(SmallWorld().batch(range(9), 16)[1])
    parts = ClassAreas(VOCABULARY)
    parts.add(labels[:4])
    parts.add(labels[4:])
    np.testing.assert_array_equal(parts.values, filled(labels).values)
    assert parts.count == 9
    assert parts.presence()["house"] == float((labels[:, 0] == 2).flatten(1).any(1).float().mean())


def test_the_distance_equals_scipys_matrix_root():
    first, second = (
        filled(torch.from_numpy(SmallWorld().batch(range(start, start + 80), 24)[1])) for start in (0, 80)
    )
    a, b = first.values[:, :3] * 100, second.values[:, :3] * 100
    spread = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(spread[0] @ spread[1]).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(spread[0] + spread[1] - 2 * root)
    assert first.distance(second) == pytest.approx(float(expected), rel=1e-4)
    assert first.distance(first) == pytest.approx(0.0, abs=1e-9)


def test_a_distance_needs_two_pictures():
    one = filled(torch.ones(1, 3, 4, 4, dtype=torch.uint8))
    with pytest.raises(ValueRangeError, match="two pictures on either side, got 1 and 1"):
        one.distance(one)


def test_a_watermark_is_a_banner_or_lettering_that_covers_enough():
    vocabulary = Vocabulary([Concept(name, "object") for name in ("sky", "banner", "lettering")])
    labels = torch.ones(4, 1, 20, 20, dtype=torch.uint8)
    labels[0, 0, -2:] = 2  # a banner
    labels[1, 0, 10, 4:16] = 3  # lettering
    labels[2, 0, 0, 0] = 2  # a stray pixel
    assert filled(labels, vocabulary).marked() == {"watermark": 0.5, "banner": 0.25, "lettering": 0.25}
    assert filled(torch.ones(1, 3, 4, 4, dtype=torch.uint8)).marked() == {}


def test_a_worlds_own_pictures_are_at_its_floor_and_a_biased_choice_is_not():
    exact = ExactSegmenter(SmallWorld(), size=16)
    exact.images(range(70_000_000, 70_000_400))
    distance = WorldDistance(SmallWorld(), exact, size=16, count=200)
    images = exact.images(range(400))
    own = distance.measure(images.split(50))
    house = own["concepts"]["house"]
    assert own["images"] == 400
    assert own["frechet"] < 3 * own["floor"] + 2
    assert house["ratio"] == pytest.approx(1.0, abs=0.2)
    assert house["area_world"] == house["area_exact"]

    areas = class_areas(exact.segment(images), VOCABULARY)[:, 1]
    large = distance.measure([images[areas > areas.median()]])
    assert large["frechet"] > 10 * own["frechet"]
    assert large["concepts"]["house"]["ratio"] > 1.3
