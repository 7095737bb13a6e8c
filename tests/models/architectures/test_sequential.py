"""ProGAN, DCGAN and StyleGAN3 against slow references, and stopping and resuming at every layer."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as functional

from inscape.activations import edited
from inscape.errors import FormatError, LayerError, UnsupportedError, ValueRangeError
from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.architectures.stylegan3 import StyleGAN3, StyleGAN3Config, _lowered, _raised
from models.foreign import small_stylegan3


def randomized(network):
    torch.manual_seed(5)
    for name, value in network.named_parameters():
        if name.endswith(("bias", ".b")):
            value.data.normal_()
    for name, value in network.named_buffers():
        if name.endswith(("running_mean", "w_avg")):
            value.normal_()
        elif name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
    return network.eval().requires_grad_(False)


def progan() -> ProGAN:
    return randomized(ProGAN(ProGANConfig(10, (9, 8, 6))))


def dcgan(biased=()) -> DCGAN:
    return randomized(DCGAN(DCGANConfig(10, (9, 8, 6), biased)))


def stylegan3(**changes) -> StyleGAN3:
    return randomized(small_stylegan3(**changes))


NETWORKS = {"progan": progan, "dcgan": dcgan, "t": stylegan3, "r": lambda: stylegan3(radial=True)}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_picture_resumed_at_any_layer_is_the_picture(kind):
    network = NETWORKS[kind]()
    z = torch.randn(3, network.config.z_dim, generator=torch.Generator().manual_seed(1))
    w = network.mapping(z)
    whole = network.synthesis(w)
    assert whole.shape == (3, 3, network.config.resolution, network.config.resolution)
    for layer in network.synthesis.layer_names:
        state = network.synthesis.run_until(w, layer)
        units, size = network.synthesis.units_and_size(layer)
        assert state.features.shape[1:] == (units, size, size)
        assert torch.equal(network.synthesis.resume(state), whole)
        changed = replace(state, features=state.features * 0.5)
        with edited(network.synthesis, network.synthesis.layer_paths[layer], lambda x: x * 0.5):
            assert torch.equal(network.synthesis.resume(changed), network.synthesis(w))
    with pytest.raises(LayerError, match="layer99"):
        network.synthesis.run_until(w, "layer99")


@pytest.mark.parametrize("kind", NETWORKS)
def test_pictures_do_not_depend_on_the_batch(kind):
    network = NETWORKS[kind]()
    z = torch.randn(3, network.config.z_dim, generator=torch.Generator().manual_seed(1)) * 3
    together, alone = network(z), torch.cat([network(each[None]) for each in z])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("kind", ["progan", "dcgan"])
def test_there_is_nothing_to_truncate_without_a_mapping_network(kind):
    network = NETWORKS[kind]()
    with pytest.raises(UnsupportedError, match="cannot be truncated"):
        network.mapping(torch.zeros(1, 10), truncation_psi=0.5)


def test_a_progan_is_its_formula():
    network = progan()
    synthesis, x = network.synthesis, torch.randn(2, 10, 1, 1, dtype=torch.float64)
    z = x[:, :, 0, 0].float()
    for number in range(1, 7):
        block = getattr(synthesis, f"layer{number}")
        x = x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
        if number in (3, 5):
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        kernel = 4 if number == 1 else 3
        x = functional.conv2d(x, block.conv.weight.double(), padding=3 if number == 1 else 1)
        x = x * (math.sqrt(2) / kernel / math.sqrt(block.conv.in_channels))
        x = functional.leaky_relu(x + block.wscale.b.double()[:, None, None], 0.2)
    output = synthesis.output_16x16
    x = x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    x = functional.conv2d(x, output.conv.weight.double()) / math.sqrt(6)
    x = x + output.wscale.b.double()[:, None, None]
    assert torch.allclose(network(z).double(), x, atol=1e-5)


def test_a_dcgan_is_the_example_of_pytorch():
    network = dcgan((True, False, True, True))
    nn, widths = torch.nn, [10, 9, 8, 6, 3]
    layers = []
    for index in range(4):
        stride, padding = (1, 0) if index == 0 else (2, 1)
        bias = index != 1
        layers += [nn.ConvTranspose2d(widths[index], widths[index + 1], 4, stride, padding, bias=bias)]
        layers += [nn.BatchNorm2d(widths[index + 1]), nn.ReLU(True)] if index < 3 else [nn.Tanh()]
    main = nn.Sequential(*layers).eval()
    main.load_state_dict(dict(zip(main.state_dict(), network.state_dict().values(), strict=True)))
    z = torch.randn(2, 10)
    with torch.inference_mode():
        assert torch.equal(network(z), main(z[:, :, None, None]))


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("padding", [(0, 0), (9, 8), (-3, -6), (2, -1)])
def test_raising_is_zeros_padding_and_a_filter(factor, padding):
    x, taps = torch.randn(2, 3, 24, 24), torch.randn(6 * factor)
    spread = torch.zeros(2, 3, 24 * factor, 24 * factor)
    spread[:, :, ::factor, ::factor] = x
    padded = functional.pad(spread, (*padding, *padding))
    kernel = torch.outer(taps, taps).flip((0, 1)) * factor**2
    slow = functional.conv2d(padded, kernel.expand(3, 1, -1, -1), groups=3)
    assert torch.allclose(_raised(x, taps, factor, padding), slow, atol=1e-3)


def test_lowering_by_axis_is_lowering_by_the_square_filter():
    x, taps = torch.randn(2, 3, 30, 30), torch.randn(12)
    assert torch.allclose(_lowered(x, taps, 2), _lowered(x, torch.outer(taps, taps), 2), atol=1e-4)
    assert torch.equal(_lowered(x, None, 3), x[:, :, ::3, ::3])


def test_the_middle_of_a_stylegan3_layer_is_what_shows_the_picture():
    network = stylegan3()
    synthesis, w = network.synthesis, network.mapping(torch.ones(1, 12))
    state = synthesis.run_until(w, "L0_16_6")
    assert state.whole.shape[2] == 16 and torch.equal(state.features, state.whole[:, :, 4:12, 4:12])
    whole, moved = synthesis.resume(state), []
    for column in (0, 7):
        features = state.features.clone()
        features[:, :, 4, column] += 30
        change = (synthesis.resume(replace(state, features=features)) - whole).abs().sum(dim=(0, 1, 2))
        moved.append(int(change.argmax()))
    assert moved[0] <= 1 and moved[1] >= 6


def test_configurations_come_back_from_json():
    for network in (progan(), dcgan((True, False, True, False)), stylegan3(), stylegan3(radial=True)):
        kind = type(network.config)
        assert kind.from_json(network.config.to_json()) == network.config
        with pytest.raises(FormatError, match="not the configuration"):
            kind.from_json({})


def test_layers_of_a_stylegan3_that_do_not_fit_are_refused():
    good = stylegan3().config.to_json()
    for change in ({"size": 99}, {"units": 0}, {"inputs": 9}, {"rectified": False}, {"up_taps": 7}):
        layers = [dict(layer) for layer in good["layers"]]
        layers[0] |= change
        with pytest.raises(ValueRangeError, match="StyleGAN3"):
            StyleGAN3Config.from_json(good | {"layers": layers})
