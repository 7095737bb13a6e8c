"""Losses and penalties against closed forms and against plain backward passes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
import torch.nn.functional as functional
from tests.training.small_recipe import RECIPE, small_state
from torch import Tensor, nn

from inscape.models.architectures.discriminator import Discriminator, minibatch_deviation
from inscape.training._gan_step import (
    gradient_penalty,
    mixed_latents,
    path_lengths,
    shard_generator,
    shard_gradients,
)

CPU = torch.device("cpu")


class Linear(nn.Module):
    """A discriminator whose logit is the inner product with a fixed picture."""

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        self.kernel = nn.Parameter(kernel)

    def forward(self, images: Tensor) -> Tensor:
        return (images * self.kernel).sum(dim=(1, 2, 3))


def test_the_gradient_penalty_of_a_linear_discriminator_is_the_square_of_its_norm() -> None:
    kernel = torch.randn(3, 4, 4)
    judge = Linear(kernel)
    penalty = gradient_penalty(cast(Discriminator, judge), torch.randn(5, 3, 4, 4))
    assert torch.allclose(penalty, kernel.square().sum())
    (gradient,) = torch.autograd.grad(penalty, judge.kernel)
    assert torch.allclose(gradient, 2 * kernel)


def test_the_path_length_of_a_linear_generator_is_known() -> None:
    w = torch.randn(2, 1, 3 * 4 * 4, requires_grad=True)
    images = 3.0 * w.reshape(2, 3, 4, 4)
    lengths = path_lengths(images, w, torch.Generator().manual_seed(0))
    noise = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) / 4
    assert torch.allclose(lengths, 3 * noise.flatten(1).norm(dim=1), atol=1e-5)


def test_gradients_equal_those_of_plain_backward_passes() -> None:
    recipe = replace(RECIPE, r1_weight=2.0)
    state = small_state(recipe)
    generator, discriminator = state.networks.generator, state.networks.discriminator
    real = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    random = shard_generator(recipe, 0, 0, CPU)
    found = shard_gradients(state.networks, recipe, real, random, step=0, path_mean=0.0)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        random = shard_generator(recipe, 0, 0, CPU)
        latents, _ = mixed_latents(generator, 4, random, mixing=recipe.mixing)
        images = generator.synthesis(latents, noise_mode="random", generator=random)
        d_loss = functional.softplus(discriminator(images.detach())).mean()
        d_loss = d_loss + functional.softplus(-discriminator(real)).mean()
        g_loss = functional.softplus(-discriminator(images)).mean()
    penalty = gradient_penalty(discriminator, real[:2]) * (2.0 / 2 * recipe.r1_every)
    expected_d = torch.autograd.grad(d_loss + penalty, list(discriminator.parameters()))
    expected_g = torch.autograd.grad(g_loss, list(generator.parameters()), allow_unused=True)
    for one, other in zip(found.discriminator, expected_d, strict=True):
        assert one is not None and torch.allclose(one, other, rtol=1e-2, atol=1e-4)
    for one, two in zip(found.generator, expected_g, strict=True):
        assert (one is None) == (two is None)
        if one is not None and two is not None:
            assert torch.allclose(one, two, rtol=1e-2, atol=1e-4)


def test_the_path_penalty_reaches_the_generator_only() -> None:
    state = small_state()
    real = torch.zeros(4, 3, 16, 16)
    plain, with_path = (
        shard_gradients(
            state.networks,
            replace(RECIPE, path_weight=weight),
            real,
            shard_generator(RECIPE, 4, 0, CPU),
            step=4,
            path_mean=0.0,
        )
        for weight in (0.0, 2.0)
    )
    assert "path" in with_path.numbers and "path" not in plain.numbers
    pairs = zip(plain.discriminator, with_path.discriminator, strict=True)
    assert all(a is not None and b is not None and torch.equal(a, b) for a, b in pairs)
    first, second = plain.generator[0], with_path.generator[0]
    assert first is not None and second is not None and not torch.equal(first, second)


def test_mixing_takes_upper_layers_from_another_latent() -> None:
    network = small_state().networks.generator
    alone, w = mixed_latents(network, 6, torch.Generator().manual_seed(0), mixing=0.0)
    assert torch.equal(alone, w[:, None].expand_as(alone))
    mixed, w = mixed_latents(network, 6, torch.Generator().manual_seed(0), mixing=1.0)
    assert torch.equal(mixed[:, 0], w)
    assert not torch.isclose(mixed[:, -1], w).all(dim=1).any()


def test_random_numbers_depend_on_step_and_shard_alone() -> None:
    draws = [
        torch.randn(3, generator=shard_generator(RECIPE, *at, CPU)) for at in ((5, 1), (5, 1), (5, 0), (6, 1))
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_minibatch_deviation_equals_its_definition() -> None:
    x = torch.randn(8, 3, 2, 2)
    appended = minibatch_deviation(x, 4)
    assert torch.equal(appended[:, :3], x)
    for index in range(8):
        members = x[[index % 2, index % 2 + 2, index % 2 + 4, index % 2 + 6]]
        expected = (members.var(dim=0, correction=0) + 1e-8).sqrt().mean()
        assert torch.allclose(appended[index, 3], expected.expand(2, 2), atol=1e-6)


def test_without_noise_the_layers_keep_a_strength_of_zero() -> None:
    state, real = small_state(), torch.zeros(4, 3, 16, 16)
    names = [name for name, _ in state.networks.generator.named_parameters()]
    strengths = {}
    for noise in (True, False):
        random = shard_generator(RECIPE, 1, 0, CPU)
        recipe = replace(RECIPE, noise=noise)
        found = shard_gradients(state.networks, recipe, real, random, step=1, path_mean=0.0)
        named = zip(names, found.generator, strict=True)
        strengths[noise] = [gradient for name, gradient in named if name.endswith("noise_strength")]
    assert any(gradient is not None and gradient.any() for gradient in strengths[True])
    assert all(gradient is None or not gradient.any() for gradient in strengths[False])
