"""StyleGAN2 against slow references, and stopping and resuming at every layer."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor

from inscape.errors import FormatError, LayerError, ValueRangeError
from inscape.models.architectures._fir import separable_filter, upsample, upsampling_convolution
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_blocks import SynthesisLayer
from inscape.models.architectures.stylegan2_config import StyleGAN2Config

SMALL = StyleGAN2Config(
    resolution=16, z_dim=12, w_dim=10, mapping_layers=2, channels={4: 9, 8: 8, 16: 6}, lr_multiplier=0.1
)


def network(config: StyleGAN2Config = SMALL, seed: int = 0) -> StyleGAN2:
    torch.manual_seed(seed)
    made = StyleGAN2(config).eval().requires_grad_(False)
    for name, weight in made.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            weight.add_(0.3 * torch.randn_like(weight))
    made.mapping.w_avg.copy_(torch.randn(config.w_dim))
    return made


def latents(config: StyleGAN2Config = SMALL, batch: int = 3) -> Tensor:
    return torch.randn(batch, config.z_dim, generator=torch.Generator().manual_seed(1))


def slow_up_fir(x: Tensor, fir: Tensor, up: int, before: int, after: int) -> Tensor:
    """upfirdn2d by its definition: zeros in between, padding, then true convolution with the filter."""
    batch, channels, height, width = x.shape
    spread = x.new_zeros(batch, channels, height * up, width * up)
    spread[:, :, ::up, ::up] = x
    padded = functional.pad(spread, (before, after, before, after))
    kernel = fir.flip((0, 1)).to(x.dtype)
    rows, columns = padded.shape[2] - fir.shape[0] + 1, padded.shape[3] - fir.shape[1] + 1
    out = x.new_zeros(batch, channels, rows, columns)
    for dy in range(fir.shape[0]):
        for dx in range(fir.shape[1]):
            out += kernel[dy, dx] * padded[:, :, dy : dy + rows, dx : dx + columns]
    return out


def slow_layer(layer: SynthesisLayer, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
    """One layer as the paper has it: each picture modulates and demodulates the weights, in float64."""
    outs = []
    for one, latent in zip(x.double(), w.double(), strict=True):
        affine = layer.affine
        style = (
            latent @ (affine.weight.double() / math.sqrt(affine.weight.shape[1])).t() + affine.bias.double()
        )
        weight = layer.weight.double() * style[None, :, None, None]
        weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if layer.upsampling:
            raised = functional.conv_transpose2d(one[None], weight.transpose(0, 1), stride=2)
            y = slow_up_fir(raised, layer.resample_filter * 4, 1, 1, 1)
        else:
            y = functional.conv2d(one[None], weight, padding=1)
        if noise is not None:
            y = y + layer.noise_strength.double() * noise.double()
        y = y + layer.bias.double()[None, :, None, None]
        outs.append(torch.where(y > 0, y, 0.2 * y) * math.sqrt(2))
    return torch.cat(outs)


@pytest.mark.parametrize("upsampling", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_a_layer_equals_the_one_that_modulates_weights(upsampling: bool, noisy: bool) -> None:
    torch.manual_seed(0)
    size = 8 if upsampling else 4
    config = StyleGAN2Config(w_dim=6)
    layer = SynthesisLayer(5, 7, size, config, upsampling=upsampling).requires_grad_(False)
    layer.noise_strength.fill_(0.7)
    layer.bias.normal_()
    x, w = torch.randn(3, 5, 4, 4), torch.randn(3, 6)
    noise = layer.noise_const[None, None] if noisy else None
    assert torch.allclose(layer(x, w, noise).double(), slow_layer(layer, x, w, noise), atol=1e-5)


def test_noise_of_each_picture_is_its_own() -> None:
    torch.manual_seed(0)
    layer = SynthesisLayer(5, 7, 4, StyleGAN2Config(w_dim=6), upsampling=False).requires_grad_(False)
    layer.noise_strength.fill_(0.7)
    x, w, noise = torch.randn(3, 5, 4, 4), torch.randn(3, 6), torch.randn(3, 1, 4, 4)
    singles = [layer(x[i : i + 1], w[i : i + 1], noise[i : i + 1]) for i in range(3)]
    assert torch.allclose(layer(x, w, noise), torch.cat(singles), atol=1e-5)


def test_upsampling_equals_its_definition_borders_included() -> None:
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    fir = separable_filter().double()
    uneven = torch.arange(16.0, dtype=torch.float64).reshape(4, 4) / 120
    for kernel in (fir, uneven):
        assert torch.allclose(upsample(x, kernel), slow_up_fir(x, kernel * 4, 2, 2, 1), atol=1e-12)


def test_with_two_taps_cells_are_doubled_before_the_convolution() -> None:
    """As ProGAN does, with the kernel flipped as StyleGAN2 stores it."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(2, 3, 5, 5, generator=generator).double()
    weight = torch.randn(4, 3, 3, 3, generator=generator).double()
    doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    expected = functional.conv2d(doubled, weight.flip((2, 3)), padding=1)
    filter_ = separable_filter((0.0, 1.0, 1.0, 0.0)).double()
    assert torch.allclose(upsampling_convolution(x, weight, filter_), expected, atol=1e-12)
    config = StyleGAN2Config(
        resolution=16, channels={4: 6, 8: 6, 16: 4}, resample_filter=(0.0, 1.0, 1.0, 0.0)
    )
    again = StyleGAN2Config.from_json(config.to_json())
    assert again == config
    synthesis = StyleGAN2(again).synthesis
    assert torch.equal(synthesis.b16.conv0.resample_filter.double(), filter_)
    assert torch.equal(synthesis.b16.resample_filter, separable_filter())


@pytest.mark.parametrize("taps", [(1.0, 1.0), (0.0, 1.0, -1.0, 0.0)])
def test_a_filter_that_is_none_is_refused(taps: tuple[float, ...]) -> None:
    with pytest.raises(ValueRangeError, match="four taps with a positive sum"):
        StyleGAN2Config(resample_filter=taps)


def test_upsampling_convolution_equals_one_six_by_six_transposed_convolution() -> None:
    x, weight = torch.randn(2, 3, 5, 5, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64)
    fir = separable_filter().double() * 4
    combined = functional.conv_transpose2d(weight.reshape(12, 1, 3, 3), fir[None, None]).reshape(4, 3, 6, 6)
    expected = functional.conv_transpose2d(x, combined.transpose(0, 1), stride=2, padding=2)
    assert torch.allclose(
        upsampling_convolution(x, weight, separable_filter().double()), expected, atol=1e-12
    )


@pytest.mark.parametrize("noise_mode", ["const", "none", "random"])
def test_a_resumed_picture_equals_the_full_pass_at_every_layer(noise_mode: str) -> None:
    made = network()
    w = made.mapping(latents())
    w = w + 0.3 * torch.randn(w.shape, generator=torch.Generator().manual_seed(2))

    def fresh() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    full = made.synthesis(w, noise_mode=noise_mode, generator=fresh())
    for layer in made.synthesis.layer_names:
        state = made.synthesis.run_until(w, layer, noise_mode=noise_mode, generator=fresh())
        module = made.synthesis.layer_module(layer)
        assert state.features.shape == (3, module.units, module.resolution, module.resolution)
        assert (made.synthesis.resume(state) - full).abs().max() <= 1e-6


def test_a_state_can_move_to_any_higher_layer() -> None:
    made = network()
    w = made.mapping(latents())
    names = made.synthesis.layer_names
    for index, low in enumerate(names):
        state = made.synthesis.run_until(w, low)
        for high in names[index:]:
            moved, direct = made.synthesis.advance(state, high), made.synthesis.run_until(w, high)
            assert moved.layer == high
            assert torch.equal(moved.features, direct.features)
            assert (moved.rgb is None) == (direct.rgb is None)
        for below in names[:index]:
            with pytest.raises(LayerError, match="lies below"):
                made.synthesis.advance(state, below)


def test_a_hook_on_a_layer_reads_and_changes_what_the_picture_is_drawn_from() -> None:
    made = network()
    w = made.mapping(latents())
    plain = made.synthesis(w)
    module = made.synthesis.get_submodule(made.synthesis.layer_paths["layer8b"])
    handle = module.register_forward_hook(lambda _module, _inputs, output: output * 0)
    changed = made.synthesis(w)
    handle.remove()
    assert not torch.allclose(plain, changed)
    assert torch.equal(made.synthesis(w), plain)


def test_pictures_do_not_depend_on_the_batch() -> None:
    made, z = network(), latents()
    alone = torch.cat([made(z[index : index + 1]) for index in range(3)])
    assert torch.allclose(made(z), alone, atol=1e-5)


def test_truncation_pulls_towards_the_average_up_to_the_cutoff() -> None:
    made, z = network(), latents()
    w = made.mapping(z)
    pulled = made.mapping(z, truncation_psi=0.3, truncation_cutoff=2)
    expected = made.mapping.w_avg + 0.3 * (w[:, :2] - made.mapping.w_avg)
    assert torch.allclose(pulled[:, :2], expected, atol=1e-6)
    assert torch.equal(pulled[:, 2:], w[:, 2:])
    assert torch.allclose(made.mapping(z, truncation_psi=0.0), made.mapping.w_avg.expand_as(w))


def test_the_average_of_w_follows_the_batches() -> None:
    made = network()
    before, w = made.mapping.w_avg.clone(), torch.randn(5, SMALL.w_dim)
    made.mapping.track(w, beta=0.9)
    assert torch.allclose(made.mapping.w_avg, 0.9 * before + 0.1 * w.mean(dim=0), atol=1e-6)


def test_latents_are_scaled_to_mean_square_one() -> None:
    made, z = network(), latents()
    assert torch.allclose(made(z), made(5 * z), atol=1e-5)


def test_the_state_dict_has_the_names_and_shapes_of_nvidia() -> None:
    names = {name: tuple(value.shape) for name, value in network().state_dict().items()}
    expected: dict[str, tuple[int, ...]] = {"mapping.w_avg": (10,), "synthesis.b4.const": (9, 4, 4)}
    for index, width in enumerate((12, 10)):
        expected |= {f"mapping.fc{index}.weight": (10, width), f"mapping.fc{index}.bias": (10,)}
    below = {4: 9, 8: 9, 16: 8}
    for size, units in SMALL.channels.items():
        block = f"synthesis.b{size}"
        expected |= {f"{block}.resample_filter": (4, 4)}
        convolutions = [("conv1", units)] if size == 4 else [("conv0", below[size]), ("conv1", units)]
        for attribute, inputs in convolutions:
            layer = f"{block}.{attribute}"
            expected |= {f"{layer}.affine.weight": (inputs, 10), f"{layer}.affine.bias": (inputs,)}
            expected |= {f"{layer}.weight": (units, inputs, 3, 3), f"{layer}.bias": (units,)}
            expected |= {f"{layer}.noise_strength": (), f"{layer}.noise_const": (size, size)}
            expected |= {f"{layer}.resample_filter": (4, 4)}
        expected |= {f"{block}.torgb.affine.weight": (units, 10), f"{block}.torgb.affine.bias": (units,)}
        expected |= {f"{block}.torgb.weight": (3, units, 1, 1), f"{block}.torgb.bias": (3,)}
    assert names == expected


def test_layers_are_named_by_resolution_in_the_order_of_the_forward_pass() -> None:
    synthesis = network().synthesis
    assert synthesis.layer_names == ("layer4", "layer8a", "layer8b", "layer16a", "layer16b")
    assert synthesis.layer_paths["layer4"] == "b4.conv1"
    assert synthesis.layer_paths["layer16a"] == "b16.conv0"
    assert synthesis.num_ws == 6


def test_a_conditional_generator_draws_by_class() -> None:
    config = StyleGAN2Config(
        resolution=8, z_dim=6, w_dim=6, mapping_layers=2, channels={4: 5, 8: 4}, c_dim=3, conv_clamp=256.0
    )
    made, z = network(config), latents(config)
    classes = torch.eye(3)
    assert made.state_dict()["mapping.embed.weight"].shape == (6, 3)
    assert not torch.allclose(made(z, classes), made(z, classes.roll(1, 0)))
    with pytest.raises(ValueRangeError, match="3 classes"):
        made(z)


def test_a_clamp_limits_what_a_layer_gives() -> None:
    config = StyleGAN2Config(
        resolution=8, z_dim=6, w_dim=6, mapping_layers=1, channels={4: 5, 8: 4}, conv_clamp=0.25
    )
    made = network(config)
    state = made.synthesis.run_until(made.mapping(latents(config)), "layer8b")
    assert state.features.abs().max() == 0.25


def test_autocast_changes_the_picture_by_little() -> None:
    made = network()
    w = made.mapping(latents())
    plain = made.synthesis(w)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = made.synthesis(w)
    assert rough.dtype == torch.float32
    assert 0 < (rough - plain).abs().mean() < 0.02 * plain.abs().mean()


def test_the_configuration_survives_json() -> None:
    assert StyleGAN2Config.from_json(SMALL.to_json()) == SMALL
    with pytest.raises(FormatError, match="not the configuration of a StyleGAN2"):
        StyleGAN2Config.from_json({**SMALL.to_json(), "colour": 3})


def test_wrong_names_and_sizes_are_refused_with_a_reason() -> None:
    made = network()
    w = made.mapping(latents())
    with pytest.raises(LayerError, match="did you mean 'layer16a'"):
        made.synthesis.run_until(w, "layr16a")
    with pytest.raises(ValueRangeError, match="noise mode"):
        made.synthesis(w, noise_mode="constant")
    with pytest.raises(ValueRangeError, match="power of two"):
        StyleGAN2Config(resolution=48)
    with pytest.raises(ValueRangeError, match=r"lack \[128\]"):
        StyleGAN2Config(resolution=128)
