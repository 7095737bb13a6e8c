"""The warm start: latents that are spread like those one samples, and a generator that learns to draw."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.small_recipe import RECIPE, small_state

from inscape import storage
from inscape.models.architectures.stylegan2 import ToRGB
from inscape.training._gan_step import drawing_gradients, shard_generator, shard_gradients
from inscape.training._warm_start import PrincipalLatents, drawing_loss, feature_loss, soften
from inscape.training.gan import GanOptions, train_gan

CPU = torch.device("cpu")


def pictures(count: int = 200, size: int = 16) -> np.ndarray:
    random = np.random.default_rng(0)
    shape = (count, 4, 4, 3)
    smooth = random.normal(size=(count, 1, 1, 3)) + 0.3 * random.normal(size=shape)
    smooth = smooth.repeat(size // 4, axis=1).repeat(size // 4, axis=2)
    return np.clip(128 + 40 * smooth, 0, 255).astype(np.uint8)


def as_images(some: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(some).permute(0, 3, 1, 2).float() / 127.5 - 1


def test_latents_have_mean_zero_and_covariance_one() -> None:
    data = pictures()
    z = PrincipalLatents.fitted(data, 8).of(as_images(data))
    assert z.shape == (200, 8)
    assert torch.allclose(z.mean(dim=0), torch.zeros(8), atol=1e-3)
    assert torch.allclose(z.T @ z / 200, torch.eye(8), atol=1e-3)


def test_latents_beyond_what_the_pictures_have_are_zero_and_size_does_not_matter() -> None:
    data = pictures(count=5)
    z = PrincipalLatents.fitted(data, 12).of(as_images(data))
    assert torch.isfinite(z).all() and (z[:, 5:] == 0).all()
    wide = data.repeat(2, axis=1).repeat(2, axis=2)
    latents = PrincipalLatents.fitted(wide, 4)
    assert torch.allclose(latents.of(as_images(wide)), latents.of(as_images(data)), atol=1e-4)


def test_losses_are_least_where_pictures_are_equal() -> None:
    images = as_images(pictures(4))
    nothing = drawing_loss(images, images)
    assert nothing < drawing_loss(images + 0.01, images) < drawing_loss(images + 0.1, images)
    assert feature_loss([images], [images]) == 0
    assert torch.isclose(feature_loss([images, images + 1], [images, images]), torch.tensor(0.5))


def test_soft_rgb_layers_only() -> None:
    plain, soft = small_state(), small_state(replace(RECIPE, warm_start=8))
    for one, other in zip(plain.networks.generator.modules(), soft.networks.generator.modules(), strict=True):
        if isinstance(one, ToRGB):
            assert torch.allclose(other.weight, one.weight * 0.2)
    before = plain.networks.generator.synthesis.b8.conv0.weight.clone()
    soften(plain.networks.generator)
    assert torch.equal(plain.networks.generator.synthesis.b8.conv0.weight, before)


def test_the_generator_learns_to_draw_and_the_discriminator_waits() -> None:
    recipe = replace(RECIPE, warm_start=10_000)
    state = small_state(recipe)
    state.set_warm_rates()
    data = pictures(64)
    latents = PrincipalLatents.fitted(data, recipe.z_dim)
    judge = [weight.clone() for weight in state.networks.discriminator.parameters()]
    losses = []
    for step in range(160):
        shard = drawing_gradients(state.networks, as_images(data[step % 8 * 8 :][:8]), latents)
        losses.append(shard.numbers["drawing"])
        state.apply([shard])
    assert np.mean(losses[-8:]) < 0.85 * np.mean(losses[:8])
    assert all(map(torch.equal, judge, state.networks.discriminator.parameters()))


def test_the_rates_of_the_warm_start_fall_to_a_tenth() -> None:
    recipe = replace(RECIPE, warm_start=100, warm_rate=0.006)
    state = small_state(recipe)
    multiplier = state.networks.generator.config.lr_multiplier
    for images, rate in ((0, 0.006), (50, 0.0033), (100, 0.0006)):
        state.counters.images = images
        state.set_warm_rates()
        synthesis, mapping = (group["lr"] for group in state.optimizers["generator"].param_groups)
        assert synthesis == pytest.approx(rate) and mapping == pytest.approx(rate / multiplier)
    state.end_warm_start()
    assert {group["lr"] for group in state.optimizers["generator"].param_groups} == {recipe.learning_rate}


def test_pairs_pull_the_generator_towards_their_pictures() -> None:
    state = small_state()
    data = pictures(8)
    latents = PrincipalLatents.fitted(data, RECIPE.z_dim)

    def gradients(paired: float, judging_only: bool = False) -> list[torch.Tensor | None]:
        recipe = replace(RECIPE, paired=paired, noise=False)
        random = shard_generator(recipe, 1, 0, CPU)
        found = shard_gradients(
            state.networks, recipe, as_images(data), random, step=1, path_mean=0.0, latents=latents,
            judging_only=judging_only,
        )  # fmt: skip
        assert ("features" in found.numbers) == (paired > 0 and not judging_only)
        return found.generator

    assert all(gradient is None for gradient in gradients(0.5, judging_only=True))
    step = 1e-3
    before = after = 0.0
    for gradient, weight in zip(gradients(1.0), state.networks.generator.parameters(), strict=True):
        if gradient is not None:
            gradient.mul_(step)
            weight.data.sub_(gradient)
            weight.grad = gradient
    after = drawing_gradients(state.networks, as_images(data), latents).numbers["drawing"]
    for weight in state.networks.generator.parameters():
        if weight.grad is not None:
            weight.data.add_(weight.grad)
    before = drawing_gradients(state.networks, as_images(data), latents).numbers["drawing"]
    assert after < before


def test_a_run_goes_through_its_phases_and_resumes_in_each(tmp_path: Path) -> None:
    recipe = replace(RECIPE, growth={8: 40}, warm_start=16, judging_first=16, paired=0.5, noise=False)
    options = GanOptions(sample_every=0, measure_every=0)
    train_gan(recipe, tmp_path / "whole", 5, options=replace(options, images=56), device="cpu")
    for images in (8, 16, 24, 56):
        train_gan(recipe, tmp_path / "parts", 5, options=replace(options, images=images), device="cpu")
    one, metadata = storage.load_tensors(tmp_path / "whole" / "checkpoint.safetensors")
    other, _ = storage.load_tensors(tmp_path / "parts" / "checkpoint.safetensors")
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert json.loads(metadata["counters"])["images"] == 56
    strengths = [value for name, value in one.items() if name.endswith("noise_strength")]
    assert all((value == 0).all() for value in strengths)
