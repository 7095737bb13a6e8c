"""Losses and penalties against closed forms and against plain backward passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.training.small_recipe import RECIPE, gradients, random_pictures, small_state
from torch import Tensor
from torch.nn import functional

from inscape.training import _discriminators
from inscape.training._convolution import convolve, gradients_of
from inscape.training._discriminators import FeatureDiscriminators, minibatch_deviation
from inscape.training._gan_step import gradient_penalty, moved, step_gradients
from inscape.training._latents import mixed_latents


def test_the_penalty_of_linear_logits_is_the_squared_norm_of_their_kernels() -> None:
    kernels = [torch.randn(4, 3, 3, requires_grad=True), torch.randn(2, 5, 5, requires_grad=True)]
    leaves = [torch.randn(6, *kernel.shape).requires_grad_() for kernel in kernels]
    logits = [
        (leaf * kernel).sum((1, 2, 3))[:, None, None] for leaf, kernel in zip(leaves, kernels, strict=True)
    ]
    penalty = gradient_penalty(logits, leaves)
    assert torch.allclose(penalty, sum(kernel.square().sum() for kernel in kernels))
    found = torch.autograd.grad(penalty, kernels)
    assert all(torch.allclose(one, 2 * kernel) for one, kernel in zip(found, kernels, strict=True))


def test_gradients_equal_those_of_plain_backward_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    state, real = small_state(), random_pictures(1)
    found = step_gradients(state.networks, RECIPE, real, step=3)
    monkeypatch.setattr(_discriminators, "convolve", plain_convolve)
    generator, adversary = state.networks.generator, state.networks.adversary
    random = torch.Generator().manual_seed(RECIPE.seed * 1_000_003 + 3)
    w = generator.mapping.single(torch.randn(8, RECIPE.z_dim, generator=random))
    images = generator.synthesis(w[:, None].repeat(1, 6, 1), noise_mode="none")
    levels = [adversary.levels(moved(side, RECIPE, random)) for side in (real, images)]
    g_loss = sum(
        functional.softplus(one - other).mean()
        for one, other in zip(adversary(levels[0]), adversary(levels[1]), strict=True)
    )
    leaves = [[level.detach().requires_grad_() for level in side] for side in levels]
    logits = [adversary(side) for side in leaves]
    d_loss = sum(
        functional.softplus(other - one).mean() for one, other in zip(logits[0], logits[1], strict=True)
    )
    for side, judged in zip(leaves, logits, strict=True):
        total = sum(level.mean((1, 2)).sum() for level in judged)
        parts = torch.autograd.grad(total, side, create_graph=True)
        d_loss = d_loss + 20 / 2 * sum(part.square().sum((1, 2, 3)).mean() for part in parts)
    expected = {
        "generator": torch.autograd.grad(g_loss, list(generator.parameters()), allow_unused=True),
        "discriminators": torch.autograd.grad(d_loss, list(adversary.discriminators.parameters())),
    }
    for name, wanted in expected.items():
        for one, two in zip(getattr(found, name), wanted, strict=True):
            assert (one is None) == (two is None)
            assert one is None or torch.allclose(one, two, rtol=1e-3, atol=1e-5)


def plain_convolve(x: Tensor, weight: Tensor, bias: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    return functional.conv2d(x, weight, bias, stride, padding)


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 1), (1, 0)])
def test_a_convolution_differentiates_as_often_as_plain_ones(stride: int, padding: int) -> None:
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(5, 3, 4, 4)
    found = []
    for function in (convolve, plain_convolve):
        inputs = [value.clone().double().requires_grad_() for value in (x, weight)]
        y = function(*inputs, torch.zeros(5).double(), stride=stride, padding=padding)
        first = torch.autograd.grad((y**3).sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum((one**2).sum() for one in first), inputs, create_graph=True)
        third = torch.autograd.grad(sum((one**2).sum() for one in second), inputs)
        found.append([y, *first, *second, *third])
    for one, two in zip(*found, strict=True):
        assert torch.allclose(one, two, rtol=1e-9)


def test_gradients_that_nobody_asks_for_are_left_out() -> None:
    x, weight = torch.randn(1, 1, 4, 4, requires_grad=True), torch.randn(1, 1, 3, 3, requires_grad=True)
    for wanted, asked, other in (("inputs", x, weight), ("weights", weight, x)):
        with gradients_of(wanted):  # type: ignore[arg-type]
            found = torch.autograd.grad(convolve(x, weight, None).sum(), [asked, other], allow_unused=True)
        assert found[0] is not None and found[1] is None


def test_moved_pictures_repeat_their_border_and_gradients_come_back() -> None:
    recipe = replace(RECIPE, moved=1.0)
    images = random_pictures(0, 16).requires_grad_()
    shifted = moved(images, recipe, torch.Generator().manual_seed(5))
    padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
    for before, after in zip(padded, shifted, strict=True):
        windows = before.unfold(1, 16, 1).unfold(2, 16, 1).permute(1, 2, 0, 3, 4)
        assert ((windows - after).abs().flatten(2).amax(2) == 0).any()
    assert not torch.equal(shifted, images)
    (gradient,) = torch.autograd.grad(shifted.sum(), images)
    assert float(gradient.sum()) == pytest.approx(shifted.numel())
    still = moved(images, replace(RECIPE, moved=0.0), torch.Generator())
    assert torch.equal(still, images)


def test_about_half_of_the_pictures_move() -> None:
    images = random_pictures(0, 16, 400)
    still = (moved(images, RECIPE, torch.Generator().manual_seed(0)) == images).flatten(1).all(1)
    assert 160 < int(still.sum()) < 260


def test_minibatch_deviation_equals_its_definition() -> None:
    x = torch.randn(8, 3, 2, 2)
    found = minibatch_deviation(x)
    for index in range(8):
        members = x[[index % 2, index % 2 + 2, index % 2 + 4, index % 2 + 6]]
        expected = (members.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        assert torch.allclose(found[index], expected, atol=1e-6)


def test_the_deviation_counts_as_one_more_channel() -> None:
    judge = FeatureDiscriminators((8,), (8,), seed=0).levels[0]
    level = torch.randn(4, 8, 8, 8)
    hidden = functional.leaky_relu(judge.layers[0](level), 0.2)
    channel = minibatch_deviation(hidden)[:, None, None, None].expand(4, 1, 8, 8)
    expected = judge.judge(torch.cat([hidden, channel], 1)).squeeze(1)
    assert torch.allclose(judge(level), expected, atol=1e-5)


def test_mixing_takes_upper_layers_from_another_latent() -> None:
    network = small_state().networks.generator
    alone, w = mixed_latents(network, 6, torch.Generator().manual_seed(0), mixing=0.0)
    assert torch.equal(alone, w[:, None].expand_as(alone))
    mixed, w = mixed_latents(network, 6, torch.Generator().manual_seed(0), mixing=1.0)
    assert torch.equal(mixed[:, 0], w)
    assert not torch.isclose(mixed[:, -1], w).all(dim=1).any()


def test_random_numbers_depend_on_the_step_alone() -> None:
    state = small_state()
    real = random_pictures(0)
    first, again, other = (step_gradients(state.networks, RECIPE, real, step=step) for step in (5, 5, 6))
    assert torch.equal(first.w, again.w) and first.numbers == again.numbers
    assert not torch.equal(first.w, other.w)


def test_half_precision_gives_about_the_same_gradients() -> None:
    state = small_state()
    full, half = (gradients(state, half=half) for half in (False, True))
    for name in ("generator", "discriminators"):
        pairs = zip(getattr(full, name), getattr(half, name), strict=True)
        sides = zip(*(pair for pair in pairs if pair[0] is not None), strict=True)
        flat = [torch.cat([part.flatten() for part in side]) for side in sides]
        assert float(functional.cosine_similarity(flat[0], flat[1], dim=0)) > 0.7


def test_layers_keep_a_noise_strength_of_zero() -> None:
    state = small_state()
    state.apply(gradients(state))
    strengths = [
        p for name, p in state.networks.generator.named_parameters() if name.endswith("noise_strength")
    ]
    assert strengths and not any(strength.any() for strength in strengths)
