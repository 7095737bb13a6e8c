from __future__ import annotations

import pytest
import torch

from inscape.activations import record
from inscape.errors import FormatError, ShapeError, ValueRangeError
from inscape.models import Card, Model
from inscape.models.architectures.residual_classifier import ResidualClassifierConfig
from inscape.models.architectures.vision_transformer import VisionTransformer, VisionTransformerConfig
from inscape.models.building import architecture


@pytest.mark.parametrize("name", ["residual_classifier", "vision_transformer"])
def test_every_layer_has_the_units_and_the_size_that_it_says(name):
    known = architecture(name)
    config = known.config.from_json({"classes": 7})
    assert known.config.from_json(config.to_json()) == config
    network = known.network(config).eval()
    layers = known.layers(network)
    card = Card(name="x", kind="classifier", architecture=name, layers=layers, image_size=64)
    with torch.inference_mode(), record(Model(network, card), [layer.name for layer in layers]) as recorded:
        logits = network(torch.zeros(2, 3, 64, 64))
    assert logits.shape == (2, 7)
    for layer in layers:
        size = layer.size or 1
        assert recorded.maps(layer.name).shape == (2, layer.units, size, size), layer.name
    assert [layer.name for layer in layers][-1] == "pooled"


def test_the_last_layer_reads_the_mean_of_the_layer_before():
    network = architecture("residual_classifier").network(ResidualClassifierConfig(3)).eval()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    x = network.stem(images)
    for block in network.blocks:
        x = block(x)
        assert float(x.detach().min()) >= 0
    pooled = network.head(x).mean((2, 3))
    assert torch.allclose(
        network(images), pooled @ network.classify.weight.T + network.classify.bias, atol=1e-5
    )


def test_attention_is_the_weighted_mean_of_values():
    network = VisionTransformer(
        VisionTransformerConfig(2, resolution=16, stem=(4, 4), width=8, depth=1, heads=2)
    )
    attention = network.blocks[0].attention
    x = torch.randn(1, 4, 4, 8, generator=torch.Generator().manual_seed(0))
    mixed = attention.mix(x).reshape(16, 3, 2, 4)
    heads = []
    for head in range(2):
        query, key, value = mixed[:, 0, head], mixed[:, 1, head], mixed[:, 2, head]
        heads.append((query @ key.T / 2).softmax(1) @ value)
    expected = attention.leave(torch.cat(heads, 1)).reshape(x.shape)
    assert torch.allclose(attention(x), expected, atol=1e-5)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueRangeError, match=r"a width and a number of blocks, got \(4,\) and \(1, 2\)"):
        ResidualClassifierConfig(2, widths=(4,), blocks=(1, 2))
    with pytest.raises(ValueRangeError, match="must be a multiple of its 3 heads, got 8"):
        VisionTransformerConfig(2, width=8, heads=3)
    with pytest.raises(ValueRangeError, match="3 cannot halve 20 px"):
        VisionTransformerConfig(2, resolution=20)
    with pytest.raises(FormatError, match="not the configuration of a vision transformer"):
        VisionTransformerConfig.from_json({"classes": "many"})
    network = VisionTransformer(VisionTransformerConfig(2, resolution=16, stem=(4, 4), width=8, depth=1))
    with pytest.raises(ShapeError, match=r"\[batch, 3, 16, 16\], got \[1, 3, 8, 8\]"):
        network(torch.zeros(1, 3, 8, 8))
