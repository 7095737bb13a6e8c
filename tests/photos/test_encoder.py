from __future__ import annotations

import numpy as np
import pytest
import torch

import inscape
from inscape.errors import FormatError, ModelNotFoundError, ShapeError
from inscape.models import Generator, card, folder_of
from inscape.models.weights import weights_hash
from inscape.photos import encode, encoder_for
from inscape.pictures import to_tensor, to_uint8
from inscape.scenes import world
from small_generators import small_generator

LEAST = {"layer32b": 0.52, "layer16b": 0.65, "layer8b": 0.7, "layer4": 0.85}
"""Correlation of estimated with true features of own pictures, at the least; mean over units."""
OWN_GAIN, SCENES_GAIN = 8.0, 4.0
"""By how many dB an encoded picture is nearer than the picture of the average w, at the least."""


@pytest.fixture(scope="module")
def town() -> Generator:
    return inscape.open("town", device="cpu")


@pytest.fixture(scope="module")
def encoder(town):
    return encoder_for(town)


def naming(generator: Generator, encoder: str | None) -> Generator:
    """The same generator, whose card names another encoder."""
    return Generator(generator.module, generator.card.model_copy(update={"encoder": encoder}))


def psnr(found: np.ndarray, wanted: np.ndarray) -> float:
    error = np.square(found.astype(float) - wanted).mean((1, 2, 3))
    return float(np.mean(10 * np.log10(255**2 / error)))


def drawn_again(town: Generator, encoder, wanted: np.ndarray) -> tuple[float, float]:
    """PSNR of encoded pictures, and that of the picture of the average w in their place."""
    w, _ = encode(town, to_tensor(wanted), encoder)
    average = to_uint8(town.images(town.to_w(town.latents([0]), truncation=0.0)))
    return psnr(to_uint8(town.images(w)), wanted), psnr(np.broadcast_to(average, wanted.shape), wanted)


def test_a_generator_whose_card_names_no_encoder_has_none(town):
    assert encoder_for(naming(town, None)) is None
    assert encoder_for(small_generator()) is None


def test_an_encoder_for_other_sizes_is_not_used():
    assert encoder_for(naming(small_generator(), "town-encoder")) is None


def test_a_name_that_stands_for_no_encoder_is_refused(town):
    with pytest.raises(FormatError, match="'town-segmenter' as its encoder, which is not a picture encoder"):
        encoder_for(naming(town, "town-segmenter"))
    with pytest.raises(ModelNotFoundError, match="no model 'twon-encoder'"):
        encoder_for(naming(town, "twon-encoder"))


def test_the_encoder_gives_a_w_per_layer_and_features_that_can_be_refined(town, encoder):
    images = to_tensor(world("town").batch(range(3), 64)[0]).requires_grad_()
    w, features = encode(town, images, encoder)
    assert w.shape == (3, town.card.latent["num_ws"], town.card.latent["w_dim"])
    assert not w.requires_grad and not w.is_inference()
    assert list(features) == ["layer32b", "layer16b", "layer8b", "layer4"]
    for name, found in features.items():
        layer = town.layer(name)
        assert found.shape == (3, layer.units, layer.size, layer.size)
        assert not found.requires_grad and not found.is_inference()
    with pytest.raises(ShapeError, match=r"takes pictures \[batch, 3, 64, 64\]"):
        encode(town, torch.zeros(1, 3, 32, 32), encoder)


def test_the_shipped_encoder_is_small_and_was_trained_for_the_shipped_weights(town):
    about = card("town-encoder")
    assert (about.kind, about.architecture, about.image_size) == ("encoder", "picture_encoder", 64)
    assert about.training["generator"] == "town"
    assert about.training["generator_hash"] == weights_hash(town.module)
    assert about.world_hash == town.card.world_hash
    assert (folder_of("town-encoder") / "weights.safetensors").stat().st_size < 6_000_000


def test_the_shipped_encoder_finds_the_features_of_own_pictures(town, encoder):
    w = town.w_of_seeds(range(32))
    _, features = encode(town, to_tensor(to_uint8(town.images(w))), encoder)
    for layer, least in LEAST.items():
        rows = [
            x.transpose(0, 1).flatten(1).double().numpy()
            for x in (features[layer], town.run_until(w, layer).features)
        ]
        found = [np.corrcoef(a, b)[0, 1] for a, b in zip(*rows, strict=True) if b.std() > 1e-6]
        assert np.mean(found) > least, layer


def test_the_shipped_encoder_draws_own_pictures_again(town, encoder):
    wanted = to_uint8(town.images(town.w_of_seeds(range(32))))
    found, average = drawn_again(town, encoder, wanted)
    assert found > average + OWN_GAIN


def test_the_shipped_encoder_draws_unseen_scenes(town, encoder):
    found, average = drawn_again(town, encoder, world("town").batch(range(32), 64)[0])
    assert found > average + SCENES_GAIN


def test_encoded_own_pictures_move_little_when_encoded_again(town, encoder):
    """What the encoder finds draws a picture that it reads alike: it does not drift."""
    scenes = to_tensor(world("town").batch(range(16), 64)[0])
    once = to_uint8(town.images(encode(town, scenes, encoder)[0]))
    twice = to_uint8(town.images(encode(town, to_tensor(once), encoder)[0]))
    assert psnr(twice, once) > psnr(once, to_uint8(scenes)) + 6
