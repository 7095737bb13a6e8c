"""The warm start: an encoder and a generator that learn to draw, and latents spread like the codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from tests.training.small_recipe import RECIPE, small_state

from inscape import storage
from inscape.errors import FormatError
from inscape.models.architectures._mapping import Mapping
from inscape.models.architectures.stylegan2 import ToRGB
from inscape.training._gan_state import GanState
from inscape.training._gan_step import drawing_gradients, shard_generator, shard_gradients
from inscape.training._picture_coder import (
    SPREAD,
    PictureCoder,
    PictureCoderConfig,
    divergence,
    fit_mapping,
)
from inscape.training._warm_start import drawing_loss, feature_loss, soften
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


def coder(size: int = 16, w_dim: int = 8) -> PictureCoder:
    torch.manual_seed(0)
    return PictureCoder(PictureCoderConfig(size, w_dim, {4: 8, 8: 6, 16: 4}))


def test_a_coder_shrinks_larger_pictures_and_draws_codes_around_its_means() -> None:
    network, images = coder(), as_images(pictures(6))
    wide = images.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    mean, log_variance = network(images)
    assert mean.shape == log_variance.shape == (6, 8)
    assert torch.allclose(network(wide)[0], mean, atol=1e-6)
    random = torch.Generator().manual_seed(1)
    drawn = torch.stack([network.codes(images, random) for _ in range(3000)])
    assert torch.allclose(drawn.mean(dim=0), mean, atol=0.05)
    assert torch.allclose(drawn.std(dim=0), SPREAD * (log_variance / 2).exp(), rtol=0.1)


def test_the_divergence_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    normal = torch.distributions.Normal(mean, (log_variance / 2).exp())
    whole = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(divergence(mean, log_variance), whole.mean(), rtol=1e-5)


def test_sizes_come_back_from_json_and_others_are_refused() -> None:
    config = coder().config
    assert PictureCoderConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    for wrong in ({}, {**config.to_json(), "more": 1}, {**config.to_json(), "channels": 3}):
        with pytest.raises(FormatError, match="not the sizes of an encoder"):
            PictureCoderConfig.from_json(wrong)


def test_a_mapping_takes_over_mean_and_covariance_of_codes() -> None:
    random = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(8, 8, generator=random))[0] * torch.linspace(2, 0.05, 8)
    codes = torch.randn(20_000, 8, generator=random) @ axes.T + torch.linspace(-1, 1, 8)
    codes = functional.pad(codes, (0, 56))
    torch.manual_seed(0)
    mapping = Mapping(16, 64, num_ws=2, depth=4, lr_multiplier=0.1)
    assert fit_mapping(mapping, codes, steps=3000) < 0.1
    with torch.no_grad():
        w = mapping.single(torch.randn(20_000, 16, generator=random))
    assert torch.allclose(w.mean(dim=0), codes.mean(dim=0), atol=0.1)
    assert torch.allclose(torch.cov(w.T), torch.cov(codes.T), atol=0.15 * float(codes.var(dim=0).max()))
    assert torch.allclose(mapping.w_avg, codes.mean(dim=0))


def test_losses_are_least_where_pictures_are_equal() -> None:
    images = as_images(pictures(4))
    nothing = drawing_loss(images, images)
    assert drawing_loss(images + 0.1, images, largest=4) < drawing_loss(images + 0.1, images)
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


def test_generator_and_encoder_learn_to_draw_and_the_discriminator_waits() -> None:
    recipe = replace(RECIPE, warm_start=2000)
    state = small_state(recipe)
    data = as_images(pictures(64))
    judge = [weight.clone() for weight in state.networks.discriminator.parameters()]
    losses = []
    for step in range(200):
        state.set_warm_rates()
        random = shard_generator(recipe, step, 0, CPU)
        shard = drawing_gradients(state.networks, recipe, data[step % 8 * 8 :][:8], random)
        losses.append(shard.numbers["drawing"])
        state.apply([shard])
    assert np.mean(losses[-8:]) < 0.6 * np.mean(losses[:8])
    assert all(map(torch.equal, judge, state.networks.discriminator.parameters()))
    assert told_apart(state, data) > 0.05


def told_apart(state: GanState, images: torch.Tensor) -> float:
    """How far drawn pictures of other codes are from a picture, beyond the one of its own code."""
    assert state.networks.coder is not None
    with torch.no_grad():
        w = state.networks.coder(images)[0]
        drawn = state.networks.generator.synthesis(
            w[:, None].expand(-1, state.networks.generator.mapping.num_ws, -1), noise_mode="none"
        )
    return float((drawn.roll(1, 0) - images).abs().mean() - (drawn - images).abs().mean())


def test_the_rates_of_the_warm_start_fall_to_a_tenth() -> None:
    recipe = replace(RECIPE, warm_start=100, warm_rate=0.006)
    state = small_state(recipe)
    for images, rate in ((0, 0.006), (50, 0.0033), (100, 0.0006)):
        state.counters.images = images
        state.set_warm_rates()
        for group in state.optimizers["generator"].param_groups:
            assert group["lr"] == pytest.approx(rate)
        assert state.optimizers["coder"].param_groups[0]["lr"] == pytest.approx(0.4 * rate)
    codes = torch.randn(50, RECIPE.w_dim)
    state.end_warm_start(codes)
    assert {group["lr"] for group in state.optimizers["generator"].param_groups} == {recipe.learning_rate}
    for network in (state.average, state.networks.generator):
        assert torch.allclose(network.mapping.w_avg, codes.mean(dim=0))


def test_pairs_pull_the_generator_towards_their_pictures() -> None:
    state = small_state(replace(RECIPE, paired=1.0))
    images = as_images(pictures(8))

    def gradients(paired: float, judging_only: bool = False) -> list[torch.Tensor | None]:
        recipe = replace(RECIPE, paired=paired, noise=False)
        random = shard_generator(recipe, 1, 0, CPU)
        found = shard_gradients(
            state.networks, recipe, images, random, step=1, path_mean=0.0, judging_only=judging_only
        )
        assert ("features" in found.numbers) == (paired > 0 and not judging_only)
        assert all(gradient is None for gradient in found.coder)
        return found.generator

    def distance() -> float:
        random = shard_generator(RECIPE, 1, 0, CPU)
        return drawing_gradients(state.networks, RECIPE, images, random).numbers["drawing"]

    assert all(gradient is None for gradient in gradients(0.5, judging_only=True))
    before = distance()
    for gradient, weight in zip(gradients(1.0), state.networks.generator.parameters(), strict=True):
        if gradient is not None:
            weight.data.sub_(gradient, alpha=1e-3)
    assert distance() < before


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


def test_a_fixed_mapping_gets_no_gradient_from_the_adversary() -> None:
    state, images = small_state(), as_images(pictures(8))
    mapping = {id(weight) for weight in state.networks.generator.mapping.parameters()}
    for fixed in (False, True):
        recipe = replace(RECIPE, fixed_mapping=fixed)
        random = shard_generator(recipe, 1, 0, CPU)
        found = shard_gradients(state.networks, recipe, images, random, step=1, path_mean=0.0).generator
        pairs = list(zip(state.networks.generator.parameters(), found, strict=True))
        moved = {id(weight) for weight, gradient in pairs if gradient is not None}
        assert moved.isdisjoint(mapping) == fixed and moved - mapping
