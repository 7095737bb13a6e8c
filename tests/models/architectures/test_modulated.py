"""StyleGAN2's fused layers against the same synthesis op by op: pictures, and the gradient of everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_blocks import SynthesisLayer
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from reference import plain_synthesis

SMALL = StyleGAN2Config(
    resolution=16, z_dim=12, w_dim=10, mapping_layers=2, channels={4: 9, 8: 8, 16: 6}, lr_multiplier=0.1
)
CELLS = StyleGAN2Config(
    resolution=32,
    z_dim=12,
    w_dim=10,
    mapping_layers=2,
    channels={4: 9, 8: 8, 16: 6, 32: 5},
    resample_filter=(0.0, 1.0, 1.0, 0.0),
)
CLAMPED = StyleGAN2Config(
    resolution=16, z_dim=12, w_dim=10, mapping_layers=2, channels={4: 9, 8: 8, 16: 6}, conv_clamp=0.7
)


def network(config: StyleGAN2Config, seed: int) -> StyleGAN2:
    torch.manual_seed(seed)
    made = StyleGAN2(config).train()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if name.endswith(("bias", "noise_strength")):
                weight.add_(0.3 * torch.randn_like(weight))
    return made


def close(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    # The gradient of a noise strength is one number, what is left of thousands that cancel.
    floor = 3e-5 if one.ndim == 0 else 1e-7
    return one.shape == other.shape and bool((one - other).norm() <= 1e-4 * other.norm() + floor)


def with_gradients(draw: Callable[[], Tensor], of: list[Tensor]) -> list[Tensor | None]:
    picture = draw()
    towards = torch.randn(picture.shape, generator=torch.Generator().manual_seed(7))
    return [picture.detach(), *torch.autograd.grad(picture, of, towards, allow_unused=True)]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("noise_mode", ["const", "random", "none"])
@pytest.mark.parametrize("config", [SMALL, CELLS, CLAMPED], ids=["smooth", "cells", "clamped"])
def test_pictures_and_gradients_equal_those_of_plain_ops(
    config: StyleGAN2Config, noise_mode: str, seed: int
) -> None:
    made = network(config, seed)
    w = torch.randn(3, config.num_ws, config.w_dim, requires_grad=True)
    noise = made.synthesis.draw_noise(3, noise_mode, torch.Generator().manual_seed(5))
    names = ["picture", "w", *(name for name, _ in made.synthesis.named_parameters())]
    of = [w, *made.synthesis.parameters()]

    def fused() -> Tensor:
        generator = torch.Generator().manual_seed(5)
        drawn: Tensor = made.synthesis(w, noise_mode=noise_mode, generator=generator)
        return drawn

    found = with_gradients(fused, of)
    expected = with_gradients(lambda: plain_synthesis.synthesis(made.synthesis, w, noise), of)
    pairs = zip(names, found, expected, strict=True)
    assert not [name for name, one, other in pairs if not close(one, other)]


@pytest.mark.parametrize("upsampling", [False, True])
@pytest.mark.parametrize("wanted", ["x", "w", "weight", "bias", "noise"])
def test_a_gradient_of_one_thing_alone_is_right(upsampling: bool, wanted: str) -> None:
    torch.manual_seed(3)
    layer = SynthesisLayer(5, 7, 12, StyleGAN2Config(w_dim=6, conv_clamp=0.9), upsampling=upsampling)
    layer.requires_grad_(False).noise_strength.fill_(0.7)
    size = 6 if upsampling else 12
    inputs = {"x": torch.randn(3, 5, size, size), "w": torch.randn(3, 6), "noise": torch.randn(3, 1, 12, 12)}
    one = inputs[wanted] if wanted in inputs else layer.get_parameter(wanted)
    one.requires_grad_()
    arguments = inputs["x"], inputs["w"], inputs["noise"]
    found = with_gradients(lambda: layer(*arguments), [one])
    expected = with_gradients(lambda: plain_synthesis.layer(layer, *arguments), [one])
    assert all(close(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_memory_format_of_features_and_of_gradients_does_not_matter(channels_last: bool) -> None:
    torch.manual_seed(4)
    layer = SynthesisLayer(5, 7, 8, StyleGAN2Config(w_dim=6), upsampling=True)
    x, w, towards = torch.randn(2, 5, 4, 4), torch.randn(2, 6), torch.randn(2, 7, 8, 8)
    x.requires_grad_()
    expected = torch.autograd.grad(plain_synthesis.layer(layer, x, w, None), [x, layer.weight], towards)
    if channels_last:
        towards = towards.contiguous(memory_format=torch.channels_last)
        given = x.contiguous(memory_format=torch.channels_last)
    else:
        given = x.contiguous()
    found = torch.autograd.grad(layer(given, w, None), [x, layer.weight], towards)
    assert all(close(*pair) for pair in zip(found, expected, strict=True))
    assert found[1].is_contiguous()


def test_a_graph_that_is_kept_gives_the_same_gradients_again() -> None:
    made = network(SMALL, 0)
    w = torch.randn(2, SMALL.num_ws, SMALL.w_dim, requires_grad=True)
    picture = made.synthesis(w, noise_mode="none")
    first = torch.autograd.grad(picture.sum(), w, retain_graph=True)[0]
    assert torch.equal(first, torch.autograd.grad(picture.sum(), w)[0])


def test_under_autocast_the_features_are_in_its_type_with_gradients_and_without() -> None:
    made = network(SMALL, 0)
    w = torch.randn(2, SMALL.num_ws, SMALL.w_dim)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        state = made.synthesis.run_until(w, "layer8b", noise_mode="none")
        assert state.features.dtype == torch.bfloat16
        picture = made.synthesis(w, noise_mode="none")
    plain = made.synthesis(w, noise_mode="none")
    assert picture.dtype == torch.float32
    assert (picture - plain).norm() <= 0.03 * plain.norm()
    gradients = torch.autograd.grad(picture.sum(), list(made.synthesis.parameters()), allow_unused=True)
    assert all(found.isfinite().all() for found in gradients if found is not None)
