from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.errors import (
    ValueRangeError,
)
from inscape.models import Generator
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.generator_card import generator_card
from inscape.regions import box
from inscape.rewriting import (
    Erase,
    KeyBank,
    Paste,
    Rewriter,
    RuleSettings,
    memory_of,
)
from inscape.rewriting.goals import Goal, Misfit, halo_of, kept_goal
from inscape.rewriting.memory import changed, read_latents
from inscape.rewriting.solver import Ordinary
from models.foreign import small_stylegan3
from rewriting.small_rules import generator_of, random_edit
from small_generators import small_generator


def test_a_rule_of_a_stylegan3_comes_closer_to_its_goal():
    network = small_stylegan3()
    model = Generator(network, generator_card(network, "stylegan3", name="filters"))
    settings = RuleSettings(rank=3, ridge=0.001, samples=8)
    for name in model.layers:
        rewriter = Rewriter(model, name, samples=8)
        paste = Paste(1, box(1, 1, 3, 3), 2, box(4, 4, 3, 3))
        edit = rewriter.rewrite([], [paste], settings)
        goal = rewriter.goal(paste, [(2, paste.place)], settings)
        with model.edited([edit]):
            values = read_latents(rewriter.memory, model.to_w(model.latents([2]))).values[0]
        gap = ((values - goal.target).abs().mean(0) * goal.weight).sum() / goal.weight.sum()
        assert edit.made["loss"] == pytest.approx(float(gap), rel=1e-3)
        assert edit.made["loss"] < 0.9 * edit.made["loss_before"]
        silent = rewriter.rewrite([(2, paste.place)], [Erase(2, paste.place, units=2)], settings)
        assert 0 < silent.made["loss"] < silent.made["loss_before"]
        found = KeyBank(rewriter.memory, latents=8).search(
            rewriter.space.scorer(*rewriter.keys([(2, paste.place)])), 8
        )
        assert len(found) == 8 and 2 in [match.seed for match in found[:3]]


def test_the_loss_that_is_reported_is_the_one_of_the_edited_model():
    model = small_generator()
    rewriter = Rewriter(model, "layer16a", samples=8)
    paste = Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))
    settings = RuleSettings(rank=3, ridge=0.001, samples=8)
    edit = rewriter.rewrite([], [paste], settings)
    goal = rewriter.goal(paste, [(2, paste.place)], settings)
    with model.edited([edit]):
        values = read_latents(rewriter.memory, model.to_w(model.latents([2]))).values[0]
    gap = ((values - goal.target).abs().mean(0) * goal.weight).sum() / goal.weight.sum()
    assert edit.made["loss"] == pytest.approx(float(gap), rel=1e-3)
    assert edit.made["loss"] < 0.8 * edit.made["loss_before"]


def test_a_smaller_ridge_comes_closer_with_a_larger_change():
    model = small_generator()
    rewriter = Rewriter(model, "layer8b", samples=8)
    paste = Paste(1, box(4, 4, 12, 12), 2, box(16, 18, 8, 8))
    edits = [rewriter.rewrite([], [paste], RuleSettings(ridge=ridge, rank=2)) for ridge in (1.0, 0.1, 0.001)]
    losses, changes = ([edit.made[name] for edit in edits] for name in ("loss", "change"))
    assert losses == sorted(losses, reverse=True) and changes == sorted(changes)


def test_at_equal_change_the_solution_is_no_worse_than_the_authors():
    model = small_generator()
    rewriter = Rewriter(model, "layer16a", samples=8)
    paste = Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))
    theirs = rewriter.rewrite([], [paste], RuleSettings(solver="steps", steps=301, halo=0))
    ours = min(
        (
            rewriter.rewrite([], [paste], RuleSettings(ridge=ridge, spill=0, steps=100, halo=0))
            for ridge in np.geomspace(1, 1e-6, 13)
        ),
        key=lambda edit: edit.made["loss"] + (edit.made["change"] > theirs.made["change"]) * 1e9,
    )
    assert ours.made["change"] <= theirs.made["change"]
    assert ours.made["loss"] <= theirs.made["loss"] * 1.001


@pytest.mark.parametrize("network", ["stylegan2", "stylegan3", "progan"])
def test_spill_is_what_the_demodulated_sums_change_by(network):
    if network == "stylegan2":
        model, layer = small_generator(), "layer16a"
    elif network == "stylegan3":
        made = small_stylegan3()
        model = Generator(made, generator_card(made, "stylegan3", name="filters"))
        layer = list(model.layers)[1]
    else:
        model = generator_of(ProGAN(ProGANConfig(8, (8, 8, 6))))
        layer = list(model.layers)[1]
    memory = memory_of(model, layer)
    directions, coefficients = random_edit(memory, 2)
    reading = read_latents(memory, model.to_w(model.latents([3])))
    ordinary = Ordinary.of(memory, reading, directions)
    weight = memory.weight

    def demodulated(weight):
        sums = memory.linear(reading.keys, weight)[0]
        if network == "progan":
            return sums
        w = reading.inputs[1]
        styles = memory.module.affine(w) if network == "stylegan2" else memory.module.styles(w)
        return sums / (weight.square().sum((2, 3)) @ styles[0].square()).sqrt()[:, None, None]

    before, after = demodulated(weight), demodulated(weight + changed(coefficients, directions))
    expected = (after - before).square().mean((1, 2)).sum() / before.square().mean((1, 2)).sum()
    assert float(ordinary.spilt(coefficients)) == pytest.approx(float(expected), rel=1e-3)
    assert float(ordinary.spilt(torch.zeros_like(coefficients))) == 0


def test_an_edit_that_turns_an_output_down_everywhere_spills_where_its_keys_are_never_seen():
    memory = memory_of(small_generator(), "layer16a")
    reading = read_latents(memory, memory.model.to_w(memory.model.latents([3])))
    silent = reading.keys[0].flatten(1).norm(dim=1).argmin()
    reading.keys[:, silent] = 0
    direction = torch.eye(memory.width)[silent][None]
    coefficients = torch.full((len(memory.weight), 1, 3, 3), 10.0)
    assert float(Ordinary.of(memory, reading, direction).spilt(coefficients)) > 0.1


def test_what_is_protected_counts_as_one_paste_and_a_halo_as_no_more_than_its_own():
    model = small_generator()
    reading = read_latents(memory_of(model, "layer16a"), model.to_w(model.latents([3])))
    spots = torch.zeros(3, 16, 16)
    spots[0, 4, 4] = spots[1, 8:12, 8:12] = spots[2, 0:2, 0:2] = 1
    pastes = [Goal(reading, reading.values[0] + 1, spot, halo_of(spot, 1)) for spot in spots[:2]]
    kept = [kept_goal(reading, spot) for spot in spots[1:]]
    goals = [*pastes, *kept]
    misfit = Misfit(goals)

    def losses(*off):
        values = [goal.target.flatten(1)[:, goal.places] + by for goal, by in zip(goals, off, strict=True)]
        return [float(each) for each in misfit(values, torch.abs)]

    assert losses(1, 0, 0, 0) == pytest.approx([0.5, 0.5])  # one place of eight around it: capped
    assert losses(0, 1, 0, 0) == pytest.approx([0.5, 0.5 * 20 * 0.5 / 16])
    assert losses(0, 0, 1, 0) == losses(0, 0, 0, 1) == pytest.approx([0, 0.5])
    with pytest.raises(ValueRangeError, match="needs a goal"):
        Misfit(kept)
