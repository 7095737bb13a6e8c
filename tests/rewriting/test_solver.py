from __future__ import annotations

from dataclasses import replace

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
from inscape.rewriting.crop import cropped
from inscape.rewriting.goals import Goal, Misfit, bounds, halo_of, kept_goal
from inscape.rewriting.memory import changed, read_latents
from inscape.rewriting.projected_adam import solve_by_steps
from inscape.rewriting.solver import Ordinary, solve
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


def test_at_equal_change_the_solution_of_their_crop_is_better_than_the_authors():
    rewriter = Rewriter(small_generator(), "layer16a", samples=8)
    paste = Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))
    settings = RuleSettings(rank=3, spill=0, halo=0)
    context = [(2, paste.place)]
    goal = cropped(rewriter.memory, rewriter.goal(paste, context, settings))
    directions = rewriter.directions(context, settings)
    theirs = solve_by_steps(rewriter.memory, [goal], directions, steps=301)
    tried = [
        solve(rewriter.memory, [goal], directions, replace(settings, ridge=ridge))
        for ridge in np.geomspace(1, 1e-6, 13)
    ]
    ours = min(found.loss for found in tried if found.change <= theirs.change)
    assert theirs.loss < 0.9 * theirs.loss_before
    assert ours <= theirs.loss


@pytest.mark.parametrize("layer", ["layer16a", "layer16b"])
def test_the_authors_solver_sees_the_pasted_box_with_zeros_around(layer):
    model = small_generator()
    rewriter = Rewriter(model, layer, samples=8)
    memory = rewriter.memory
    paste = Paste(1, box(4, 4, 10, 8), 2, box(17, 19, 8, 8))
    goal = rewriter.goal(paste, [(2, paste.place)], RuleSettings(halo=2))
    x, y, width, height = bounds(goal.weight)
    found = cropped(memory, goal)
    stride = 2 if layer == "layer16a" else 1
    top, left = y // stride * stride, x // stride * stride
    bottom, right = -(-(y + height) // stride) * stride, -(-(x + width) // stride) * stride
    assert torch.equal(found.target, goal.target[:, top:bottom, left:right])
    assert found.kept is None and bool((found.weight == 1).all())
    alone = torch.zeros_like(goal.reading.inputs[0])
    cells = slice(top // stride, bottom // stride), slice(left // stride, right // stride)
    alone[:, :, *cells] = goal.reading.inputs[0][:, :, *cells]
    inputs = (alone, *goal.reading.inputs[1:])
    linear = memory.linear(memory.keys(inputs), memory.weight)
    values = memory.values(inputs, linear, memory.weight)[:, :, top:bottom, left:right]
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2)) if stride == 2 else (slice(None),)
    assert torch.allclose(found.reading.values[inner], values[inner], atol=1e-5)


def test_what_has_no_box_of_its_own_is_solved_whole():
    network = small_stylegan3()
    model = Generator(network, generator_card(network, "stylegan3", name="filters"))
    rewriter = Rewriter(model, next(iter(model.layers)), samples=8)
    goal = rewriter.goal(Paste(1, box(1, 1, 3, 3), 2, box(4, 4, 3, 3)), [], RuleSettings())
    assert cropped(rewriter.memory, goal) is goal


def test_a_rule_for_a_whole_map_never_ends_above_where_it_began():
    model = small_generator()
    for layer in ("layer8b", "layer16a", "layer16b"):
        rewriter = Rewriter(model, layer, samples=8)
        paste = Paste(1, box(4, 4, 10, 8), 2, box(16, 18, 8, 8))
        for rank in (1, 5):
            settings = RuleSettings(rank=rank, ridge=1e-3, spill=0, halo=0)
            goal = rewriter.goal(paste, [(2, paste.place)], settings)
            whole = replace(goal, weight=torch.ones_like(goal.weight), kept=None)
            directions = rewriter.directions([(2, paste.place)], settings)
            found = solve(rewriter.memory, [whole], directions, settings)
            assert found.loss <= found.loss_before


def test_a_solver_stops_where_it_has_converged_and_steps_cap_it():
    rewriter = Rewriter(small_generator(), "layer16b", samples=8)
    context = [(2, box(16, 18, 8, 8))]
    goal = rewriter.goal(Paste(1, box(4, 4, 10, 8), 2, context[0][1]), context, RuleSettings())
    directions = rewriter.directions(context, RuleSettings(rank=5))
    free = solve(rewriter.memory, [goal], directions, RuleSettings(spill=0))
    more = solve(rewriter.memory, [goal], directions, RuleSettings(spill=0, steps=100_000))
    few = solve(rewriter.memory, [goal], directions, RuleSettings(spill=0, steps=5))
    assert free.evaluations == more.evaluations > 30 > few.evaluations
    assert free.loss < few.loss < few.loss_before


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
