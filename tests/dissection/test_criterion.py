from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch

import inscape
from dissection.planted import DOOR, NOISE, SKY, TREE, ColourSegmenter, planted_generator
from inscape.dissection import Thumbnails, dissect
from inscape.dissection.criterion import matching
from inscape.models import Generator
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.statistics._chance import level_error

TINY = Thumbnails(1, 16)


@pytest.fixture(scope="module")
def planted():
    return dissect(planted_generator(), images=120, segmenter=ColourSegmenter(), label_size=16, top=TINY)


def test_units_of_a_network_with_random_weights_hardly_ever_match():
    town = inscape.open("town", device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = StyleGAN2(StyleGAN2Config.from_json(copy.deepcopy(town.card.config)))
    untrained = Generator(network.eval().requires_grad_(False), town.card)
    report = dissect(untrained, "layer16b", images=320, top=TINY)
    found = matching(report.values, report.comparison.miniou)
    assert found.any(0).float().mean() <= 0.04  # 0.023 with 600 pictures: benchmarks/units.py
    assert sum(finding.counts for finding in report.findings) <= 0.04 * len(report.findings)
    # chance alone does not do: the latent sets the colours of the picture as well as its units
    assert (report.values.iou_best > report.values.chance.clamp_min(0.05)).any(0).float().mean() > 0.1


def test_units_that_are_a_concept_match_it_and_noise_matches_nothing(planted):
    found, names = matching(planted.values, 0.05), planted.vocabulary.names
    for unit, concept in ((SKY, "sky"), (DOOR, "door"), (TREE, "tree")):
        assert found[names.index(concept), unit]
    assert not found[:, NOISE].any()


def test_every_count_is_of_the_same_units(planted):
    found = matching(planted.values, planted.comparison.miniou)
    assert planted.matches == {
        name: int(row.sum()) for name, row in zip(planted.vocabulary.names, found, strict=True) if row.any()
    }
    for finding in planted.findings:
        assert finding.counts == bool(found[:, finding.unit].any())
        if finding.counts:
            assert found[planted.vocabulary.index(finding.concept_best) - 1, finding.unit]
    assert sum(planted.concepts.values()) == int(found.any(0).sum())


def test_each_condition_is_needed(planted):
    values, door = planted.values, planted.vocabulary.index("door") - 1
    assert not matching(values, 1.0)[door, DOOR]
    for change in (
        {"chance_error": torch.full_like(values.chance, 0.5)},
        {"information_of_place": values.information},
    ):
        assert not matching(dataclasses.replace(values, **change), 0.05)[door, DOOR]
    earlier = dataclasses.replace(values, chance_error=None, information_of_place=None, information=None)
    assert matching(earlier, 0.05)[door, DOOR]


def test_the_error_of_the_level_is_what_it_varies_by_between_sets_of_shuffles():
    for draw in (np.random.default_rng(0).normal, np.random.default_rng(1).laplace):
        sets = draw(0.3, 0.02, (100, 3000)).astype(np.float32)
        assert level_error(sets).mean() == pytest.approx(np.quantile(sets, 0.99, axis=0).std(), rel=0.2)
    assert level_error(np.full((100, 2), 0.4, np.float32)).tolist() == [0.0, 0.0]
