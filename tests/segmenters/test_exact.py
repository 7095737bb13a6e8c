from __future__ import annotations

import pytest
import torch

from inscape.errors import ShapeError, ValueRangeError
from inscape.pictures import to_tensor
from inscape.segmenters.exact import ExactSegmenter
from small_worlds import SmallWorld


def test_exact_labels_are_the_worlds_own_in_any_order():
    exact = ExactSegmenter(SmallWorld(), size=24)
    images = exact.images(range(6))
    pictures, labels = SmallWorld().batch(range(6), 24)
    assert torch.equal(images, to_tensor(pictures))
    order = [4, 0, 5]
    assert torch.equal(exact.segment(images[order]), torch.from_numpy(labels)[order])
    assert torch.equal(exact.labels([2]), torch.from_numpy(labels)[2:3])


def test_a_picture_from_elsewhere_is_refused():
    exact = ExactSegmenter(SmallWorld(), size=24)
    images = exact.images(range(2))
    images[1, 0, 3, 3] += 0.5
    with pytest.raises(ValueRangeError, match="picture 1 of the batch"):
        exact.segment(images)


def test_what_are_no_pictures_is_refused():
    with pytest.raises(ShapeError, match=r"pictures \[batch, 3, height, width\]"):
        ExactSegmenter(SmallWorld()).segment(torch.zeros(3, 8, 8))


def test_features_are_the_class_areas():
    exact = ExactSegmenter(SmallWorld(), size=24)
    features = exact.features(exact.images(range(3)))
    assert features.shape == (3, 7) and features.dtype == torch.float32
    torch.testing.assert_close(features[:, :3].sum(1), torch.ones(3))
