from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics import overlap_table
from inscape.statistics._blocks import RawMaps
from inscape.statistics._dealing import deal
from inscape.statistics._labels import LabelMaps, index_labels
from inscape.statistics._levels import LEVELS, count_levels, level_thresholds
from inscape.statistics._shuffles import SampleCounter, deal_labels
from reference import overlap as reference


def scenes(seed: int, pictures: int, low: tuple[int, int], high: tuple[int, int], dtype=torch.float64):
    """Skies of changing height, trees below, and units that follow the one, the other, or nothing."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((pictures, 2, *high), dtype=np.uint8)
    for picture in labels:
        horizon = rng.integers(high[0] // 4, high[0] // 2)
        picture[0, :horizon] = 1
        picture[0, horizon:] = 2
        top, left = rng.integers(horizon, high[0] - 4), rng.integers(0, high[1] - 6)
        picture[0, top : top + rng.integers(3, 12), left : left + rng.integers(4, 16)] = 3
        picture[1, top : top + 3, left : left + 5] = 4
    small = [
        torch.nn.functional.adaptive_avg_pool2d(
            torch.from_numpy((labels[:, 0] == concept) * 1.0).float(), low
        )
        for concept in (1, 3)
    ]
    noise = torch.from_numpy(rng.standard_normal((pictures, 4, *low)).astype(np.float32))
    smooth = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)
    sky, tree = small[0] + 0.5 * smooth[:, 0], small[1] + 0.3 * smooth[:, 1]
    units = [sky, tree, noise[:, 2], noise[:, 3].relu() * 0.2 + small[0]]
    return torch.stack(units, dim=1).to(dtype), torch.from_numpy(labels)


@pytest.mark.parametrize(("low", "high"), [((8, 8), (32, 32)), ((6, 5), (32, 30)), ((16, 16), (16, 16))])
def test_the_best_levels_and_ious_equal_the_reference(low, high):
    activations, labels = scenes(1, 31, low, high)
    table = overlap_table(activations, labels, vocabulary_size=6, shuffles=1)
    thresholds = reference.level_thresholds(activations, high)
    level, iou = reference.best(activations, labels, thresholds, 6)
    assert np.allclose(table.level_best, np.array(reference.LEVELS)[level])
    assert np.allclose(table.threshold_best, thresholds.gather(1, level), rtol=1e-12)
    dyadic = high[0] % low[0] == 0
    assert np.abs(table.iou_best - iou.numpy()).max() <= (0 if dyadic else 5e-3)
    thresholds, iou = reference.table_of_top(activations, labels, 6)
    assert np.allclose(table.threshold, thresholds, rtol=1e-12)
    assert np.abs(table.iou - iou.numpy()).max() <= (0 if dyadic else 5e-3)


def half_counts(activations, labels, half, shuffles, groups=None):
    """Thresholds, what is hot and labelled in one half as it is, and what its shuffles are made from."""
    low, high = tuple(activations.shape[2:]), tuple(labels.shape[2:])
    strides = [reference.sample_stride(*pair) for pair in zip(low, high, strict=True)]
    maps = LabelMaps(labels, 6)
    index, raw, units = index_labels(maps, strides), RawMaps(activations), slice(0, activations.shape[1])
    thresholds = level_thresholds(raw.block(units), high)
    sample = SampleCounter(raw, units, thresholds, maps, index)
    dealing = deal(np.random.default_rng(0), shuffles, len(range(half, len(labels), 2)), groups)
    dealt = deal_labels(dealing, half, maps, index, strides)
    if half == 0:
        both, counts = sample.choosing(dealt)
    else:
        counted = count_levels(raw, units, thresholds, maps, index, dealing.groups if groups else [])
        both, counts = counted.both, sample.measuring(dealt, counted)
    assert list(index.present) == [0, 1, 2, 3, 4]
    return thresholds, both, counts


def test_only_levels_count_at_which_a_unit_is_hot_more_often_on_the_concept_than_off_it():
    activations, labels = scenes(1, 60, (8, 8), (32, 32))
    sky = activations[:, :1]
    units = torch.cat([sky, sky.max() - sky, sky - sky.max() - 1], dim=1)
    table = overlap_table(units, labels, vocabulary_size=6, shuffles=5)
    follows, turned, below_zero = table.iou_best
    assert follows[1] > 0.5 and follows[2] == 0
    assert turned[2] > 0.5 and turned[1] == 0
    assert not below_zero.any() and not table.chance_by_concept[2].any()
    for unit, concept in np.argwhere(table.information > 0):
        threshold = table.threshold_best[unit, concept]
        hot = reference.upsample(units[1::2, [unit]], (32, 32))[:, 0] > threshold
        shown = (labels[1::2] == concept).any(1)
        assert threshold >= 0
        assert hot[shown].double().mean() > hot[~shown].double().mean()


@pytest.mark.parametrize(("half", "pictures"), [(0, 80), (1, 80), (0, 331), (1, 331)])
def test_shuffled_counts_have_the_mean_and_the_variance_of_all_shuffles(half, pictures):
    _, labels = scenes(2, pictures, (8, 8), (32, 32))
    noise = np.random.default_rng(3).standard_normal((pictures, 8, 8, 8))
    # neighbours are alike, as they are in any network
    activations = torch.nn.functional.avg_pool2d(torch.from_numpy(noise), 3, 1, 1)
    thresholds, both, counts = half_counts(activations, labels, half, 3000)
    values, marks = reference.upsample(activations[half::2], (32, 32)), labels[half::2]
    if half == 0:
        values, marks = reference.sample(values, (8, 8)), reference.sample(marks, (8, 8))
    allowed = (thresholds >= 0).T
    hot = (values.flatten(2)[:, None] > torch.from_numpy(thresholds)[None, :, :, None]).float()
    shown = torch.stack([(marks.flatten(2) == concept).any(1) for concept in range(5)], 1).float()
    shown[:, 0] = 0
    pairs = torch.einsum("nlup,mcp->nmulc", hot, shown).double()
    own = pairs.diagonal(dim1=0, dim2=1).sum(-1)
    assert np.array_equal(both[allowed], own[allowed])
    assert np.allclose(counts.expected[allowed], (pairs.mean((0, 1)) * len(hot))[allowed], rtol=1e-5)
    alone = pairs - pairs.mean(0, keepdim=True) - pairs.mean(1, keepdim=True) + pairs.mean((0, 1))
    variance = (alone.square().sum((0, 1)) / (len(hot) - 1)).numpy()
    common = (counts.labelled > 0) & (variance > 0) & allowed[:, :, None]
    rounds = (counts.dealing.picks >= 0).mean()
    ways = np.pad(counts.ways, [(0, 0), (0, 1), (0, 0), (0, 0), (0, 0)])
    found = ways.var(axis=1).sum(axis=0) * rounds * counts.dealing.scale**2
    assert np.mean(found[common] / variance[common]) == pytest.approx(1, abs=0.2)
    drawn = np.stack([counts.deviations(unit) for unit in range(len(allowed))], axis=1)
    assert np.allclose(drawn.mean(axis=0), 0, atol=0.05 * counts.expected.max())
    assert np.mean(drawn.var(axis=0)[common] / variance[common]) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("sizes", [[25, 15, 10], [2] * 12 + [1] * 4 + [3] * 4 + [10], [90, 60]])
def test_shuffles_within_groups_have_the_mean_and_the_variance_of_all_of_them(half, sizes):
    groups = [group for group, size in enumerate(sizes) for _ in range(size)]
    pictures = 2 * len(groups)
    _, labels = scenes(2, pictures, (8, 8), (32, 32))
    noise = np.random.default_rng(3).standard_normal((pictures, 8, 8, 8))
    activations = torch.nn.functional.avg_pool2d(torch.from_numpy(noise), 3, 1, 1)
    thresholds, both, counts = half_counts(activations, labels, half, 3000, groups)
    values, marks = reference.upsample(activations[half::2], (32, 32)), labels[half::2]
    if half == 0:
        values, marks = reference.sample(values, (8, 8)), reference.sample(marks, (8, 8))
    allowed = (thresholds >= 0).T
    hot = (values.flatten(2)[:, None] > torch.from_numpy(thresholds)[None, :, :, None]).float()
    shown = torch.stack([(marks.flatten(2) == concept).any(1) for concept in range(5)], 1).float()
    shown[:, 0] = 0
    expected, variance, own = 0, 0, 0
    for group in range(len(sizes)):
        some = [number for number, each in enumerate(groups) if each == group]
        pairs = torch.einsum("nlup,mcp->nmulc", hot[some], shown[some]).double()
        own = own + pairs.diagonal(dim1=0, dim2=1).sum(-1)
        expected = expected + pairs.mean((0, 1)) * len(some)
        alone = pairs - pairs.mean(0, keepdim=True) - pairs.mean(1, keepdim=True) + pairs.mean((0, 1))
        variance = variance + alone.square().sum((0, 1)).numpy() / max(1, len(some) - 1)
    assert np.array_equal(both[allowed], own[allowed])
    assert np.allclose(counts.expected[allowed], expected[allowed], rtol=1e-5)
    common = (counts.labelled > 0) & (variance > 0) & allowed[:, :, None]
    drawn = np.stack([counts.deviations(unit) for unit in range(len(allowed))], axis=1)
    assert np.allclose(drawn.mean(axis=0), 0, atol=0.05 * counts.expected.max())
    assert np.mean(drawn.var(axis=0)[common] / variance[common]) == pytest.approx(1, abs=0.2)


def test_what_tells_groups_apart_passes_chance_only_where_groups_are_mixed():
    random = np.random.default_rng(5)
    pictures = 120
    groups = np.repeat(np.arange(3), pictures // 3)
    tops = np.array([8, 16, 24])[groups] + random.integers(-1, 2, pictures)  # skies of drives differ
    labels = np.where(np.arange(32)[:, None] < tops[:, None, None], 1, 2) * np.ones((1, 1, 32), int)
    rows = np.arange(8)[:, None] + 0.5
    follows_group = np.where(rows < np.array([2, 4, 6])[groups, None, None], 1.0, -1.0) * np.ones((1, 1, 8))
    follows_sky = (tops[:, None, None] / 4 - rows) * np.ones((1, 1, 8))
    units = np.stack([follows_group, follows_sky], 1) + 0.2 * random.standard_normal((pictures, 2, 8, 8))
    given = torch.from_numpy(units.astype(np.float32)), torch.from_numpy(labels[:, None].astype(np.uint8))
    mixed, within = (
        overlap_table(*given, vocabulary_size=3, groups=each) for each in (None, groups.tolist())
    )
    assert np.array_equal(mixed.iou_best, within.iou_best)
    assert (mixed.iou_best[:, 1] > mixed.chance_by_concept[:, 1] + 0.1).all()
    room = within.iou_best[:, 1] - within.chance_by_concept[:, 1]
    assert room[0] < 0.01 < room[1]
    with pytest.raises(ShapeError, match="Each of 120 pictures has a group, got 2 groups"):
        overlap_table(*given, vocabulary_size=3, groups=[0, 1])


def counted_pairs(values, marks, thresholds):
    """Hot and labelled pixels of every picture with every label map [picture, map, level, concept, unit]."""
    hot = (values.flatten(2)[:, None] > thresholds.T[None, :, :, None]).float()
    shown = torch.stack([(marks.flatten(2) == concept).any(1) for concept in range(1, 6)], 1).float()
    return torch.einsum("nlup,mcp->nmlcu", hot, shown), hot.sum((0, 3)), shown.sum((0, 2))


def exact_shuffles(activations, labels, shuffles, seed):
    """`reference.shuffled_best` without index 0, for many shuffles: all pairs are counted first."""
    high, low = tuple(labels.shape[2:]), tuple(activations.shape[2:])
    thresholds, values = reference.level_thresholds(activations, high), reference.upsample(activations, high)
    some = reference.sample(values[0::2], low), reference.sample(labels[0::2], low)
    choose, measure = counted_pairs(*some, thresholds), counted_pairs(values[1::2], labels[1::2], thresholds)
    random, found = np.random.default_rng(seed), []
    for _ in range(shuffles):
        orders = [torch.from_numpy(random.permutation(len(pairs))) for pairs in (choose[0], measure[0])]
        first, second = (
            pairs[torch.arange(len(pairs)), order].sum(0)
            for (pairs, _, _), order in zip((choose, measure), orders, strict=True)
        )
        ratios, ious = [], []
        for level in range(len(first)):
            both = first[level].T, choose[1][level], choose[2]
            ratio = reference.information_quality_ratio(*both, some[1][:, 0].numel())
            ratios.append(torch.where(thresholds[:, level, None] >= 0, ratio, 0.0))
            ious.append(reference.iou(second[level].T, measure[1][level], measure[2]))
        found.append(reference.at_best_level(torch.stack(ratios), torch.stack(ious))[1])
    return torch.stack(found)


def test_the_exact_shuffles_are_those_of_the_reference():
    activations, labels = scenes(2, 20, (8, 8), (32, 32))
    thresholds = reference.level_thresholds(activations, (32, 32))
    slow = reference.shuffled_best(activations, labels, thresholds, 6, shuffles=2, seed=5)
    fast = exact_shuffles(activations, labels, 2, seed=5)
    # the order of shuffled label maps is drawn in the same way
    assert torch.allclose(fast, slow[:, :, 1:])


@pytest.mark.parametrize("pictures", [80, 400])
def test_chance_agrees_with_the_exact_shuffles(pictures):
    activations, labels = scenes(2, pictures, (8, 8), (32, 32), torch.float32)
    tables = [overlap_table(activations, labels, vocabulary_size=6, seed=seed) for seed in range(8)]
    exact = exact_shuffles(activations, labels, 400, seed=5).numpy()
    # levels can jump from shuffle to shuffle, so that shares are compared rather than values
    for chance, values in (
        (np.stack([table.chance for table in tables]), exact.max(axis=2)),
        (np.stack([table.chance_by_concept[:, 1:4] for table in tables]), exact[:, :, :3]),
    ):
        above = (values[:, None] > chance).mean(axis=0)
        assert above.mean() == pytest.approx(0.02, abs=0.02)
        assert above.mean(axis=0).max() <= 0.08


def test_hardly_any_unit_of_noise_passes_chance():
    _, labels = scenes(4, 120, (4, 4), (32, 32))
    noise = torch.from_numpy(np.random.default_rng(6).standard_normal((120, 200, 4, 4)).astype(np.float32))
    table = overlap_table(noise, labels, vocabulary_size=6)
    assert (table.iou_best.max(axis=1) > table.chance).mean() <= 0.05


def test_a_unit_that_only_follows_a_place_does_not_pass_chance():
    _, labels = scenes(10, 160, (8, 8), (32, 32))
    rng = np.random.default_rng(11)
    places = rng.standard_normal((1, 200, 8, 8)) + np.linspace(2, -2, 8)[:, None]
    units = torch.from_numpy((places + 0.3 * rng.standard_normal((160, 200, 8, 8))).astype(np.float32))
    table = overlap_table(units, labels, vocabulary_size=6)
    assert (table.iou_best.max(axis=1) > 0.3).mean() > 0.9
    assert (table.iou_best.max(axis=1) > table.chance).mean() <= 0.06


class OnDisk:
    """Label maps that are read some pictures at a time."""

    def __init__(self, labels: torch.Tensor) -> None:
        self.shape, self.dtype = tuple(labels.shape), np.dtype(np.uint8)
        self._labels = labels.numpy()

    def rows(self, first: int, count: int) -> np.ndarray:
        return self._labels[first : first + count]


def same_tables(one, two):
    for field in dataclasses.fields(one):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name)), field.name


def test_label_maps_may_be_read_from_disk_in_chunks(monkeypatch: pytest.MonkeyPatch):
    activations, labels = scenes(7, 41, (8, 8), (32, 32), torch.float32)
    whole = overlap_table(activations, labels, vocabulary_size=6, shuffles=5)
    monkeypatch.setattr("inscape.statistics._labels._CHUNK_BYTES", 3 * labels[0].numel())
    same_tables(overlap_table(activations, OnDisk(labels), vocabulary_size=6, shuffles=5), whole)


@pytest.mark.parametrize("pictures", [2, 3, 5, 9])
def test_a_few_pictures_are_enough_for_a_table(pictures):
    activations, labels = scenes(9, pictures, (8, 8), (32, 32), torch.float32)
    table = overlap_table(activations, labels, vocabulary_size=6, shuffles=5)
    assert np.isfinite(table.chance).all()


def test_units_that_follow_a_concept_pass_chance_and_noise_does_not():
    activations, labels = scenes(3, 200, (8, 8), (32, 32), torch.float32)
    table = overlap_table(activations, labels, vocabulary_size=6)
    best = table.iou_best.max(axis=1)
    assert table.iou_best.argmax(axis=1)[0] == 1
    assert table.iou_best[1].argmax() in (3, 4)
    assert (best[:2] > table.chance[:2]).all()
    assert best[2] <= table.chance[2] * 1.02


def test_one_picture_is_not_enough():
    with pytest.raises(ValueRangeError, match="two pictures"):
        overlap_table(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 8, 8, dtype=torch.uint8), vocabulary_size=3)


@pytest.mark.parametrize("size", [(32, 32), (33, 31), (4, 9)])
@pytest.mark.parametrize("strides", [(3, 3), (2, 5), (1, 4)])
def test_the_pixels_of_the_sample_stand_for_all_labels(size, strides):
    labels = torch.from_numpy(np.random.default_rng(1).integers(0, 5, (3, 2, *size)).astype(np.uint8))
    index = index_labels(LabelMaps(labels, 6), (3, 3))
    around = index.shown_around(labels.numpy(), strides).reshape(3, -1, 5)
    whole = (labels.flatten(2).numpy()[..., None] == index.present).sum(axis=1)
    whole[..., 0] = 0
    assert around.shape[1] == labels[0, 0, :: strides[0], :: strides[1]].numel()
    assert np.array_equal(around.sum(axis=1, dtype=int), whole.sum(axis=1))
    if strides == (3, 3):
        first = whole.reshape(3, *size, 5)[:, :2, :2].sum(axis=(1, 2))
        assert np.array_equal(around[:, 0], first)


def test_levels_are_read_in_pictures_of_every_class_where_classes_follow_each_other_in_turn():
    random = np.random.default_rng(1)
    maps = random.random((3, 512, 4, 4), dtype=np.float32)
    maps[:, 1::4] += 10
    levels = level_thresholds(maps, (8, 8))
    for share, thresholds in zip(LEVELS, levels, strict=True):
        assert (thresholds > 10).all() if share < 0.15 else share < 0.35 or (thresholds < 1).all()


def test_every_place_is_in_the_combination_of_its_labels():
    labels = torch.from_numpy(np.random.default_rng(2).integers(0, 5, (7, 3, 9, 8)).astype(np.uint8))
    index = index_labels(LabelMaps(labels, 6), (3, 3))
    marks = labels.flatten(2).numpy()
    combined, shown = index.combinations(marks)
    whole = (marks[..., None] == index.present).sum(axis=1)
    whole[..., 0] = 0
    assert np.array_equal(shown.T[combined], whole)
    assert len(np.unique(combined)) == shown.shape[1]
