from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import (
    ConflictError,
    LayerError,
    RegionError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
)
from inscape.progress import CallbackProgress
from inscape.regions import Region, box
from inscape.rewriting import (
    Erase,
    KeySpace,
    Paste,
    Rewriter,
    RuleSettings,
    rewrite,
)
from inscape.statistics import SecondMoment
from rewriting.small_rules import GOAL, QUICK, SPOT
from small_generators import small_generator


def test_rules_of_a_conditional_generator_are_made_in_the_classes_of_its_seeds():
    model = small_generator(classes=("one", "two"))
    spot, piece = box(16, 18, 8, 8), box(4, 4, 10, 8)
    edits = [
        rewrite(each, "layer16a", paste=(1, piece, 2, spot), settings=QUICK)
        for each in (model, model.with_classes([0]), model.with_classes([1]))
    ]
    assert len({edit.key for edit in edits}) == 3


def test_a_rewriter_keeps_to_the_edits_that_it_was_made_under():
    model = small_generator()
    edit = rewrite(model, "layer8b", paste=GOAL, settings=QUICK)
    plain = Rewriter(model, "layer16a", samples=8)
    before = plain.reading(3).values
    with model.edited([edit]):
        with pytest.raises(ConflictError, match="have changed since"):
            plain.reading(3)
        under = Rewriter(model, "layer16a", samples=8)
        assert not torch.equal(under.reading(3).values, before)
    assert torch.equal(plain.reading(3).values, before)
    with pytest.raises(ConflictError, match="have changed since"):
        under.rewrite([], [Paste(*GOAL)], QUICK)


def test_pasting_a_value_onto_itself_changes_nothing():
    model = small_generator()
    spot = box(8, 8, 8, 8)
    edit = rewrite(model, "layer16a", paste=(4, spot, 4, spot), settings=QUICK)
    assert edit.made["loss"] == edit.made["change"] == 0
    assert not edit.coefficients.any()


def test_keys_of_what_is_protected_are_answered_as_before():
    model = small_generator()
    rewriter = Rewriter(model, "layer16a", samples=8)
    kept = (5, box(0, 0, 8, 8))
    paste = Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))
    settings = RuleSettings(ridge=0.001)
    free, held = (rewriter.rewrite([], [paste], settings, protect=protect) for protect in ((), [kept]))
    keys, weights = rewriter.keys([kept])
    shares = [
        float((keys[weights > 0.5] @ torch.from_numpy(edit.directions).t()).abs().mean())
        for edit in (free, held)
    ]
    assert shares[1] < 0.2 * shares[0]


def test_no_more_directions_are_made_than_context_and_protection_leave():
    torch.manual_seed(0)
    keys = torch.randn(500, 6)
    second = SecondMoment(6)
    second.add(keys)
    space, basis = KeySpace(second), torch.eye(6)
    assert len(space.directions(keys[:2], torch.ones(2), 5)) == 2
    kept = 3 * basis[:3].repeat(4, 1)
    directions = space.directions(keys[:20], torch.ones(20), 6, protected=kept)
    assert len(directions) == 3
    assert torch.allclose(directions @ directions.t(), torch.eye(3), atol=1e-5)
    assert (directions @ kept.t()).abs().max() < 1e-4


def test_masks_and_numpy_seeds_are_taken_as_regions_and_pictures():
    model, spot = small_generator(), np.zeros((32, 32), bool)
    spot[8:16, 8:16] = True
    seed = np.random.RandomState(0).permutation(9)[:2]
    by_mask = rewrite(model, "layer16a", paste=(seed[0], spot, seed[1], spot), settings=QUICK)
    region = Region.from_mask(spot.astype(np.float32))
    by_region = rewrite(model, "layer16a", paste=(int(seed[0]), region, int(seed[1]), region), settings=QUICK)
    assert np.array_equal(by_mask.coefficients, by_region.coefficients)


def test_rules_are_made_on_the_cpu():
    model = small_generator()
    model.module.to("meta")
    with pytest.raises(UnsupportedError, match="made on the CPU, and the model is on meta"):
        Rewriter(model, "layer16a")


def test_silenced_units_of_the_keys_are_an_erasing_goal():
    model = small_generator()
    rewriter = Rewriter(model, "layer16a", samples=8)
    spot = box(8, 8, 12, 12)
    edit = rewriter.rewrite([(3, spot)], [Erase(3, spot, units=2)], RuleSettings(ridge=1e-4))
    assert edit.made["loss"] < 0.9 * edit.made["loss_before"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda m: rewrite(m, "layer16a", paste=[], settings=QUICK), UsageError, "needs a goal"),
        (
            lambda m: rewrite(
                m,
                "layer16a",
                context=[(1, Region.from_mask(np.zeros((4, 4))))],
                paste=(1, box(0, 0, 4, 4), 2, box(0, 0, 4, 4)),
                settings=QUICK,
            ),
            RegionError,
            "context is empty",
        ),
        (
            lambda m: rewrite(m, "layer16a", paste=(1, box(0, 0, 4, 4), 2, box(30, 0, 4, 4)), settings=QUICK),
            RegionError,
            "outside the picture",
        ),
        (
            lambda m: rewrite(
                m,
                "layer16a",
                paste=Paste(1, box(0, 0, 32, 32), 2, box(0, 0, 4, 4), scale=2),
                settings=QUICK,
            ),
            RegionError,
            "Scale it down|has 32 × 32 cells",
        ),
        (
            lambda m: rewrite(
                m,
                "layer16a",
                paste=(1, box(0, 0, 4, 4), 2, box(0, 0, 4, 4)),
                settings=RuleSettings(rank=13, samples=8),
            ),
            ValueRangeError,
            "between 1 and 12 for keys of 12 numbers, got 13",
        ),
        (
            lambda m: rewrite(
                m,
                "layer4",
                paste=(1, box(0, 0, 32, 32), 2, box(0, 0, 32, 32)),
                settings=RuleSettings(samples=0),
            ),
            ValueRangeError,
            "at least one picture",
        ),
        (lambda m: KeySpace(SecondMoment(4)), ValueRangeError, "of 0 keys of 4 numbers is singular"),
        (
            lambda m: rewrite(m, "layr16a", paste=(1, box(0, 0, 4, 4), 2, box(0, 0, 4, 4))),
            LayerError,
            "layer16a",
        ),
        (lambda m: RuleSettings(solver="magic"), ValueRangeError, "reduced"),
        (lambda m: rewrite(m, context=[3], paste=GOAL), UsageError, r"\(seed, region\), got 3"),
        (lambda m: rewrite(m, context=[("3", SPOT)], paste=GOAL), UsageError, "by its seed .* got '3'"),
        (lambda m: rewrite(m, context=[(3, "all")], paste=GOAL), UsageError, "inscape.box .* got 'all'"),
        (lambda m: rewrite(m, paste=(1, SPOT, 2)), UsageError, "got 3 of these"),
        (lambda m: rewrite(m, paste=[7]), UsageError, "got 7"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_the_model_alone(make, error, words):
    model = small_generator()
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    with pytest.raises(error, match=words):
        make(model)
    assert all(torch.equal(before[name], value) for name, value in model.module.state_dict().items())


def test_a_cancelled_solve_leaves_nothing_behind():
    from inscape.errors import CancelledError

    model = small_generator()
    rewriter = Rewriter(model, "layer16a", samples=8)
    rewriter.prepare()
    progress = CallbackProgress(lambda *_: progress.cancelled.set())
    before = rewriter.memory.weight.clone()
    with pytest.raises(CancelledError):
        rewriter.rewrite([], [Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))], progress=progress)
    assert torch.equal(before, rewriter.memory.weight)
