from __future__ import annotations

import json

import pytest
import torch

from inscape import storage
from inscape.errors import FormatError, ShapeError, ValueRangeError
from inscape.models import Card, open_model
from inscape.models.architectures.picture_encoder import PictureEncoder, PictureEncoderConfig
from inscape.models.architectures.stylegan2 import Synthesis
from inscape.models.architectures.stylegan2_config import StyleGAN2Config

ODD = [
    StyleGAN2Config(resolution=8, w_dim=5, channels={4: 7, 8: 3}),
    StyleGAN2Config(resolution=16, w_dim=9, channels={4: 3, 8: 11, 16: 1}),
    StyleGAN2Config(resolution=32, w_dim=6, channels={4: 5, 8: 20, 16: 7, 32: 2, 64: 9}),
]


def encoder(generator: StyleGAN2Config = ODD[2]) -> PictureEncoder:
    """An encoder of random weights, with means and deviations that differ from unit to unit."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = PictureEncoder(PictureEncoderConfig.fitting(generator, widest=8))
        for name, buffer in made.named_buffers():
            buffer.uniform_(0.5, 2.0) if "deviation" in name else buffer.normal_()
        for parameter in made.parameters():
            parameter.data.normal_(0, parameter[0].numel() ** -0.5)
    return made.eval().requires_grad_(False)


def pictures(size: int, count: int = 3) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("generator", ODD, ids=lambda each: str(each.resolution))
def test_a_picture_becomes_one_w_per_layer_and_the_features_of_every_smaller_resolution(generator):
    w, features = encoder(generator)(pictures(generator.resolution))
    assert w.shape == (3, generator.num_ws, generator.w_dim)
    synthesis = Synthesis(generator)
    assert list(features) == [name for name in reversed(synthesis.layer_names) if name[-1] != "a"][1:]
    for layer, found in features.items():
        units, size = synthesis.units_and_size(layer)
        assert found.shape == (3, units, size, size)


@pytest.mark.parametrize("generator", ODD, ids=lambda each: str(each.resolution))
def test_every_w_is_read_by_one_stage_that_of_the_layers_that_it_drives(generator):
    config = PictureEncoderConfig.fitting(generator)
    taken = [number for size in config.sizes for number in range(20)[config.latents_of(size)]]
    assert taken == list(range(generator.num_ws))
    synthesis = Synthesis(generator)
    w = torch.randn(1, generator.num_ws, generator.w_dim)
    for size in config.sizes[:-1]:
        layer = config.layers[size]
        before = synthesis.run_until(w, layer).features
        other = w.clone()
        other[:, config.latents_of(size).stop :] += 1
        assert torch.equal(synthesis.run_until(other, layer).features, before)
        for number in range(20)[config.latents_of(size)]:
            other = w.clone()
            other[:, number] += 1
            assert not torch.equal(synthesis.run_until(other, layer).features, before)


def test_a_picture_is_encoded_alike_alone_and_among_others():
    network, images = encoder(), pictures(32, 5)
    together, alone = network(images), network(images[3:4])
    torch.testing.assert_close(together[0][3:4], alone[0], atol=1e-4, rtol=1e-4)
    for layer in network.layers:
        torch.testing.assert_close(together[1][layer][3:4], alone[1][layer], atol=1e-4, rtol=1e-4)


def test_half_precision_on_disk_changes_little(tmp_path):
    network, images = encoder(), pictures(32)
    storage.save_tensors(
        tmp_path / "weights.safetensors", {name: value.half() for name, value in network.state_dict().items()}
    )
    Card(
        name="reader", kind="encoder", architecture="picture_encoder", config=network.config.to_json()
    ).write(tmp_path / "card.json")
    opened = open_model(tmp_path, device="cpu").module
    assert isinstance(opened, PictureEncoder) and opened.config == network.config
    (w, features), (other, rough) = network(images), opened(images)
    assert other.dtype == torch.float32
    assert 0 < (other - w).norm() / w.norm() < 0.002
    for layer in features:
        assert (rough[layer] - features[layer]).norm() / features[layer].norm() < 0.002


def test_features_and_latents_come_in_the_scale_of_the_generator():
    network, images = encoder(), pictures(32)
    values, normal = network.estimate(images)
    w, features = network(images)
    torch.testing.assert_close(w, values.view(3, -1, 6) * network.deviation_w + network.mean_w)
    for layer, found in features.items():
        torch.testing.assert_close(network.normalised(layer, found), normal[layer], atol=1e-5, rtol=1e-4)


def test_the_encoder_of_the_usual_generator_is_small():
    config = PictureEncoderConfig.fitting(StyleGAN2Config())
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in PictureEncoder(config).parameters())
    assert count < 3_000_000


def test_an_encoder_fits_generators_of_its_sizes_only():
    config = PictureEncoderConfig.fitting(ODD[2])
    assert config.fits(ODD[2])
    assert config.fits(StyleGAN2Config(**{**vars(ODD[2]), "z_dim": 3, "mapping_layers": 2}))
    for change in ({"w_dim": 7}, {"resolution": 64}, {"channels": {**ODD[2].channels, 8: 21}}):
        assert not config.fits(StyleGAN2Config(**{**vars(ODD[2]), **change}))


def test_sizes_survive_json_and_wrong_ones_are_refused():
    config = PictureEncoderConfig.fitting(ODD[1])
    value = json.loads(json.dumps(config.to_json()))
    assert PictureEncoderConfig.from_json(value) == config
    for change in ({"speed": 3}, {"widths": {}}, {"channels": [1]}, {"blocks": 0}, {"resolution": 24}):
        with pytest.raises((FormatError, ValueRangeError), match="encoder|power of two"):
            PictureEncoderConfig.from_json({**value, **change})


@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (3, 32, 32), (1, 1, 32, 32), (1, 3, 32, 31)])
def test_pictures_of_another_shape_are_refused(shape):
    with pytest.raises(ShapeError, match=r"takes pictures \[batch, 3, 32, 32\], got \["):
        encoder()(torch.zeros(shape))
