"""The numbers of a dissection on activations of a trained network, not on made-up ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape import models
from inscape.activations import record
from inscape.scenes import world
from inscape.statistics import overlap_at_top
from reference import overlap as reference


@pytest.fixture(scope="module")
def dissected() -> tuple[torch.Tensor, torch.Tensor, int]:
    """Activations of an inner layer of the shipped segmenter on 24 scenes, and their exact labels."""
    town, model = world("town"), models.open_model("town-segmenter", device="cpu")
    scenes = [town.scene(seed, size=64) for seed in range(24)]
    pixels = torch.from_numpy(np.stack([scene.picture for scene in scenes]))
    images = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
    layer = "level16"
    with torch.no_grad(), record(model, layer) as recording:
        model.module(images)
    labels = torch.from_numpy(np.stack([scene.labels for scene in scenes]))
    return recording.outputs[layer][:, :24], labels, len(town.vocabulary)


def test_iou_agrees_with_the_reference_in_float32(dissected):
    activations, labels, size = dissected
    thresholds, iou = reference.table_of_top(activations, labels, size)
    overlap = overlap_at_top(activations, labels, vocabulary_size=size)
    assert np.allclose(overlap.thresholds, thresholds, rtol=1e-5)
    assert iou.max() > 0.02
    assert np.abs(overlap.iou() - iou.numpy()).max() <= 5e-4


def test_counts_equal_the_reference_in_float64(dissected):
    activations, labels, size = dissected
    thresholds = reference.top_thresholds(activations.double(), (64, 64), 0.01)
    both, hot, labelled = reference.counts(activations.double(), labels, thresholds, size)
    overlap = overlap_at_top(activations.double(), labels, vocabulary_size=size)
    assert np.array_equal(overlap.thresholds, thresholds)
    assert np.array_equal(overlap.intersection, both)
    assert np.array_equal(overlap.hot, hot)
    assert np.array_equal(overlap.labelled, labelled)
