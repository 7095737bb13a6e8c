from __future__ import annotations

import pytest
import torch

from inscape.errors import FormatError, ShapeError
from inscape.models.architectures.unet import UNet, UNetConfig

SMALL = UNetConfig(heads=(4, 3), channels=(6, 8, 10))


def warmed(network: UNet) -> UNet:
    """A network whose normalization has seen something, so that folding it is no empty act."""
    random = torch.Generator().manual_seed(3)
    network.train()
    for _ in range(5):
        network(torch.randn(4, 3, 16, 16, generator=random) * 2 + 0.5)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5, generator=random)
            module.bias.data.uniform_(-0.5, 0.5, generator=random)
    return network.eval()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (16, 48), (32, 16)])
def test_logits_have_the_size_of_the_picture_and_split_into_the_heads(height, width):
    network = UNet(SMALL).eval()
    logits = network(torch.zeros(2, 3, height, width))
    assert logits.shape == (2, 7, height, width)
    assert [part.shape[1] for part in network.split(logits)] == [4, 3]


def test_every_level_halves_the_picture():
    levels = UNet(SMALL).eval().encode(torch.zeros(1, 3, 32, 32))
    assert [tuple(level.shape) for level in levels] == [(1, 6, 32, 32), (1, 8, 16, 16), (1, 10, 8, 8)]


@pytest.mark.parametrize("shape", [(1, 3, 30, 32), (1, 1, 32, 32), (3, 32, 32)])
def test_pictures_of_another_shape_are_refused(shape):
    with pytest.raises(ShapeError, match=r"multiples of 4, got \["):
        UNet(SMALL)(torch.zeros(shape))


def test_the_same_seed_draws_the_same_weights_and_leaves_the_global_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second, other = UNet(SMALL, seed=1), UNet(SMALL, seed=1), UNet(SMALL, seed=2)
    assert torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)
    assert torch.equal(torch.rand(1), expected)


def test_folding_changes_no_output():
    network = warmed(UNet(SMALL, seed=0)).double()
    images = torch.randn(3, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        before = network(images)
        after = network.fold()(images)
        again = network.fold()(images)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(after, before, rtol=1e-10, atol=1e-10)
    assert torch.equal(after, again)


def test_pictures_do_not_influence_each_other_at_inference():
    network = warmed(UNet(SMALL, seed=0))
    images = torch.randn(4, 3, 16, 16)
    with torch.no_grad():
        together, alone = network(images)[2:3], network(images[2:3])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_config_survives_json():
    assert UNetConfig.from_json(SMALL.to_json()) == SMALL


@pytest.mark.parametrize(
    "value", [{}, {"heads": [3]}, {"heads": [], "channels": [4]}, {"heads": "x", "channels": 3}]
)
def test_what_is_no_config_is_refused(value):
    with pytest.raises(FormatError, match="U-Net"):
        UNetConfig.from_json(value)
