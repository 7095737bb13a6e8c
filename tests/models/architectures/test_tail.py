"""Pictures drawn again after a local change, against the full tail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inscape.models.architectures.dcgan import DCGAN, DCGANConfig
from inscape.models.architectures.progan import ProGAN, ProGANConfig
from inscape.models.architectures.stylegan2 import StyleGAN2
from inscape.models.architectures.stylegan2_config import StyleGAN2Config
from inscape.models.architectures.tail import Window
from models.foreign import small_stylegan3


def randomized(network):
    torch.manual_seed(3)
    for name, value in network.named_parameters():
        scaled_when_used = isinstance(network, ProGAN) and name.endswith("weight")
        if scaled_when_used or name.endswith(("bias", ".b", "noise_strength")):
            value.data.normal_()
    for name, value in network.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
    return network.eval().requires_grad_(False)


def stylegan2(**changes):
    channels = {4: 12, 8: 10, 16: 9, 32: 8, 64: 6}
    config = StyleGAN2Config(resolution=64, z_dim=8, w_dim=8, mapping_layers=2, channels=channels, **changes)
    return randomized(StyleGAN2(config))


NETWORKS = {
    "stylegan2": stylegan2,
    "clamped": lambda: stylegan2(conv_clamp=0.8),
    "progan": lambda: randomized(ProGAN(ProGANConfig(10, (12, 10, 9, 8, 6)))),
    "dcgan": lambda: randomized(DCGAN(DCGANConfig(10, (12, 10, 9, 8), biased=(True,) * 5))),
}
PLACES = {
    "inside": lambda size: (size // 2, size // 2, 1, 1),
    "first corner": lambda size: (0, 0, 1, 2),
    "last corner": lambda size: (size - 2, size - 1, 2, 1),
    "upper border": lambda size: (0, size // 2, 1, 1),
    "right border": lambda size: (size // 3, size - 1, 1, 1),
    "most": lambda size: (1, 0, size - 1, size - 1),
}


def state_of(network, layer, seed=1):
    z = torch.randn(1, network.config.z_dim, generator=torch.Generator().manual_seed(seed))
    return network.synthesis.run_until(network.mapping(z), layer)


def stroke(features, place, seed=0):
    top, left, height, width = place
    noise = torch.randn(features.shape[1], 1, 1, generator=torch.Generator().manual_seed(seed))
    painted = features.clone()
    painted[0, :, top : top + height, left : left + width] += 3 * noise
    return painted


def far(found, expected):
    """The largest difference, as a fraction of the range of the picture that is expected."""
    return float((found - expected).abs().max() / (expected.max() - expected.min()))


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_tail_draws_the_picture_of_the_full_pass(kind):
    network = NETWORKS[kind]()
    for layer in network.synthesis.layer_names:
        state = state_of(network, layer)
        assert torch.equal(network.synthesis.tail(state).images, network.synthesis.resume(state))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_stroke_at_any_layer_gives_the_full_tail_and_leaves_the_rest_as_it_was(kind, place):
    network = NETWORKS[kind]()
    for layer in network.synthesis.layer_names:
        state = state_of(network, layer)
        tail = network.synthesis.tail(state)
        before = tail.images.clone()
        painted = stroke(state.features, PLACES[place](state.features.shape[2]))
        expected = network.synthesis.resume(replace(state, features=painted))
        unchanged = tail.unchanged(painted)
        found = tail.draw(painted)
        assert far(found, expected) < 1e-5 and far(found, before) > 1e-4
        assert int((found == before).all(1).sum()) >= unchanged
        assert int(((expected - before).abs().amax(1) < 1e-5).sum()) >= unchanged


@pytest.mark.parametrize("kind", NETWORKS)
def test_nothing_drifts_over_many_strokes_and_undos(kind):
    network, random = NETWORKS[kind](), np.random.RandomState(7)
    for layer in ("layer8b", "layer16a", "layer32b") if "layer8b" in names(network) else ("layer2", "layer3"):
        state = state_of(network, layer)
        tail, stack = network.synthesis.tail(state), [state.features]
        for number in range(30):
            if len(stack) > 1 and random.rand() < 0.4:
                stack.pop()
            else:
                size = state.features.shape[2]
                top, left = random.randint(size, size=2)
                height, width = random.randint(1, 4, size=2)
                stack.append(stroke(stack[-1], (top, left, height, width), number))
            found = tail.draw(stack[-1])
            assert far(found, network.synthesis.resume(replace(state, features=stack[-1]))) < 1e-5


def names(network):
    return network.synthesis.layer_names


def test_the_layers_run_on_the_receptive_field_alone():
    network = stylegan2()
    state, sizes = state_of(network, "layer16b"), []
    tail = network.synthesis.tail(state)
    for layer in names(network)[names(network).index("layer32a") :]:
        module = network.synthesis.layer_module(layer)
        module.register_forward_hook(lambda module, inputs, output: sizes.append(tuple(inputs[0].shape[2:])))
    tail.draw(stroke(state.features, (6, 3, 1, 2)))
    assert sizes == [(5, 6), (10, 12), (12, 14), (24, 28)]
    assert tail.unchanged(stroke(state.features, (6, 3, 1, 2))) == 64**2


def test_equal_features_draw_nothing():
    network = stylegan2()
    state = state_of(network, "layer16a")
    tail = network.synthesis.tail(state)
    before = tail.images.clone()
    network.synthesis.b64.conv1.register_forward_pre_hook(lambda *_: pytest.fail("ran"))
    assert torch.equal(tail.draw(state.features.clone()), before)


def test_random_noise_is_cut_with_the_features():
    network = stylegan2()
    w = network.mapping(torch.randn(2, 8))
    state = network.synthesis.run_until(w, "layer8b", noise_mode="random")
    tail, painted = network.synthesis.tail(state), stroke(state.features, (3, 4, 2, 1))
    assert far(tail.draw(painted), network.synthesis.resume(replace(state, features=painted))) < 1e-5


def test_an_architecture_whose_filters_reach_far_has_no_tail():
    assert not hasattr(small_stylegan3().synthesis, "tail")


def test_windows_grow_move_between_grids_and_meet():
    window = Window(2, 3, 5, 4)
    assert window.area == 3 and window.grown(1) == Window(1, 2, 6, 5)
    assert window.finer(2) == Window(4, 6, 10, 8) and window.coarser(2) == Window(1, 1, 3, 2)
    assert Window(-1, 0, 3, 9).coarser(2) == Window(-1, 0, 2, 5)
    assert window.joined(Window(0, 9, 1, 10)) == Window(0, 3, 5, 10)
    assert window.grown(9).within(Window(0, 0, 8, 8)) == Window(0, 0, 8, 8)
    assert window.seen_from(Window(1, 1, 9, 9)) == Window(1, 2, 4, 3)
    maps = torch.arange(48.0).reshape(1, 1, 6, 8)
    assert window.of(maps).flatten().tolist() == [19, 27, 35]


def test_a_change_is_framed_by_the_cells_that_differ():
    maps = torch.zeros(2, 3, 6, 8)
    assert Window.of_change(maps, maps.clone()) is None
    changed = maps.clone()
    changed[1, 2, 4, 1] = changed[0, 0, 2, 6] = 1e-30
    assert Window.of_change(maps, changed) == Window(2, 1, 5, 7)
    broken = torch.full_like(maps, float("nan"))
    assert Window.of_change(broken, broken) == Window(0, 0, 6, 8)
