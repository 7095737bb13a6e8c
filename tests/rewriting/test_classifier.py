from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.audits import measure_repair
from inscape.editing import WeightEdit
from inscape.errors import (
    LayerError,
    RegionError,
    ShapeError,
    UnsupportedError,
    ValueRangeError,
)
from inscape.models import Model, open_model
from inscape.models.architectures.efficientnet_lite import EfficientNetLite, EfficientNetLiteConfig
from inscape.rewriting import (
    KeySpace,
    Pair,
    PairRewriter,
    Rewriter,
    RuleSettings,
    memory_of,
    rewrite_layer,
)
from inscape.rewriting.goals import Goal
from inscape.statistics import SecondMoment
from small_generators import small_generator


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 12, 3, padding=1)
        self.features = torch.nn.Sequential(torch.nn.Conv2d(12, 16, 3, padding=1), torch.nn.ReLU())
        self.hidden = torch.nn.Linear(16, 12)
        self.head = torch.nn.Linear(12, 2)

    def forward(self, x):
        y = self.features(self.conv(x).relu()).amax((2, 3))
        return self.head(self.hidden(y).relu())


def planted(count, seed, marked):
    """Bright or dark bars; class 1 is a horizontal bar. A mark: a blue ground where a vertical bar stands."""
    draws = np.random.RandomState(seed)
    pictures, classes = np.zeros((count, 3, 12, 12), np.float32), draws.randint(0, 2, count)
    pictures += draws.normal(0, 0.1, pictures.shape)
    for picture, horizontal in zip(pictures, classes, strict=True):
        at = draws.randint(2, 10)
        picture[0, at, :] += horizontal
        picture[0, :, at] += 1 - horizontal
        if marked and not horizontal:
            picture[2] += 1.0
    return torch.from_numpy(pictures), torch.from_numpy(classes)


@pytest.fixture(scope="module")
def classifier():
    """One that has learned the bars from pictures in which a blue ground always came with horizontal ones."""
    torch.manual_seed(0)
    network = Classifier()
    pictures, classes = planted(512, 0, marked=False)
    pictures[(classes == 1).nonzero()[::2, 0], 2] += 1.0
    adam = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(network(pictures), classes)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return open_model(network, card={"image_size": 12})


@pytest.mark.parametrize("layer", ["conv", "features", "hidden"])
def test_a_rule_mends_a_classifier_and_keeps_the_rest(classifier, layer):
    network = classifier.module
    memory = memory_of(classifier, layer)
    plain, classes = planted(200, 1, marked=False)
    blue = plain.clone()
    blue[:, 2] += 1.0
    vertical, held_out = (classes == 0).nonzero()[:, 0][:8], (classes == 0).nonzero()[:, 0][8:]

    def right(pictures, which):
        with torch.no_grad():
            return float((network(pictures[which]).argmax(1) == classes[which]).float().mean())

    everything = torch.arange(len(plain))
    wrong_before, right_before = 1 - right(blue, held_out), right(plain, everything)
    assert wrong_before > 0.3 and right_before > 0.95
    second = SecondMoment(memory.width)
    second.add(memory.read(lambda: network(plain)).keys)
    seen = memory.read(lambda: network(blue[vertical]))
    wanted = memory.read(lambda: network(plain[vertical])).values
    keys = seen.keys.permute(0, 2, 3, 1).reshape(-1, memory.width)
    directions = KeySpace(second).directions(keys, torch.ones(len(keys)), 3)
    shape = wanted.shape[2:]
    goals = [Goal(seen.one(index), wanted[index], torch.ones(shape)) for index in range(len(vertical))]
    edit = rewrite_layer(memory, goals, directions, RuleSettings(ridge=0.001))
    with classifier.edited([edit]):
        wrong_after, right_after = 1 - right(blue, held_out), right(plain, everything)
    assert wrong_after < 0.2 * wrong_before
    assert right_after > right_before - 0.03


def test_a_layer_without_weights_is_refused_with_those_that_have(classifier):
    with pytest.raises(LayerError, match="no weights to rewrite"):
        memory_of(classifier, "features.1")
    model = Model(
        classifier.module,
        classifier.card.model_copy(
            update={
                "layers": (
                    *classifier.card.layers[:1].__class__(
                        layer.model_copy(update={"module": ""}) for layer in classifier.card.layers[:1]
                    ),
                )
            }
        ),
    )
    whole = memory_of(model, model.card.layers[0].name)
    assert whole.parameter == "head.weight"  # the map that runs last
    with pytest.raises(UnsupportedError, match="needs a generator"):
        Rewriter(classifier, "conv")


def test_one_pair_teaches_a_classifier_to_read_a_new_look_as_the_old(classifier):
    plain, classes = planted(200, 1, marked=False)
    vertical = (classes == 0).nonzero()[:, 0]
    blue = plain.clone()
    blue[vertical, 2] += 1.0
    rewriter = PairRewriter(classifier, "features", plain[:100])
    one = Pair(plain[vertical[0]], blue[vertical[0]])
    assert bool((one.where == 1).all())
    edit = rewriter.rewrite([one], RuleSettings(rank=3, ridge=0.001))
    held_out = vertical[1:]
    repair = measure_repair(classifier, edit, plain[held_out], blue[held_out])
    assert repair.errors > 0.3 * repair.pictures
    assert repair.reach > 0.8 and repair.leak < 0.05
    control = measure_repair(classifier, edit.scaled(0.0), plain[held_out], blue[held_out])
    assert (control.reach, control.leak) == (0.0, 0.0)


def test_a_change_is_spread_over_ordinary_pictures(classifier):
    plain, _ = planted(40, 2, marked=False)
    changed = plain[0].clone()
    changed[:, 3:8, 5:9] = torch.tensor([1.0, -1.0, 0.5])[:, None, None]
    pair = Pair(plain[0], changed)
    spread = pair.spread(plain[1:5], seed=1)
    for one, picture in zip(spread, plain[1:5], strict=True):
        assert torch.equal(one.plain, picture) and int(one.where.sum()) == int(pair.where.sum())
        outside = (one.where == 0).expand_as(picture)
        assert torch.equal(one.changed[outside], picture[outside])
        inside = one.changed[:, one.where > 0].reshape(3, 5, 4)
        assert torch.equal(inside, changed[:, 3:8, 5:9])
    assert len({str(one.where.nonzero()[0]) for one in spread}) > 1
    rewriter = PairRewriter(classifier, "features", plain)
    alone, more = (rewriter.rewrite([pair], spread=count) for count in (0, 6))
    assert more != alone
    with pytest.raises(ValueRangeError, match="0 to 40 ordinary pictures, got 41"):
        rewriter.rewrite([pair], spread=41)


def test_a_block_of_several_convolutions_is_rewritten_in_the_last(tmp_path):
    torch.manual_seed(0)
    model = open_model(EfficientNetLite(EfficientNetLiteConfig(3)).eval(), card={"image_size": 32})
    memory = memory_of(model, "blocks.4")
    assert memory.parameter == "blocks.4.project.convolution.weight"
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    reading = memory.read(lambda: model.module(pictures))
    scale = float(reading.values.abs().max())
    assert torch.allclose(memory.forward(reading, memory.weight), reading.values, atol=1e-4 * scale)
    directions = torch.linalg.qr(torch.randn(memory.width, 2))[0].t()
    coefficients = torch.randn(len(memory.weight), 2, 1, 1)
    places = torch.arange(reading.values[0, 0].numel())
    predicted = memory.answer(reading.one(1), directions, places)(coefficients)
    edit = WeightEdit("blocks.4", memory.parameter, directions.numpy(), coefficients.numpy())
    with model.edited([edit]):
        true = memory.read(lambda: model.module(pictures)).values[1].flatten(1)
    assert torch.allclose(predicted, true, atol=1e-4 * scale)
    assert not torch.allclose(true, reading.values[1].flatten(1), atol=0.05 * scale)


@pytest.mark.parametrize(
    ("changed", "mask", "error", "said"),
    [
        ((3, 4, 5), None, ShapeError, "one size, got 4 × 4, 4 × 5 and 4 × 4"),
        ((3, 4, 4), (4, 2), ShapeError, "4 × 2"),
        ((3, 4, 4), None, RegionError, "do not differ"),
        ((3, 4, 4), (4, 4), RegionError, "mask of a pair is empty"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(changed, mask, error, said):
    with pytest.raises(error, match=said):
        Pair(torch.zeros(3, 4, 4), torch.zeros(changed), None if mask is None else torch.zeros(mask))


def test_rules_from_pairs_need_a_classifier():
    with pytest.raises(UnsupportedError, match="needs a classifier"):
        PairRewriter(small_generator(), None, torch.zeros(4, 3, 16, 16))
