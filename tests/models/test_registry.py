from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

import inscape
from inscape import storage
from inscape.errors import FormatError, LatentError, LayerError, ModelNotFoundError
from inscape.models import Card, folder_of, names
from inscape.pictures import Latent


@pytest.fixture(scope="module")
def town():
    return inscape.open("town", device="cpu")


def copy_of_town(folder):
    shutil.copytree(folder_of("town"), folder, ignore=shutil.ignore_patterns("report"))
    return folder


def test_shipped_models_open_by_name(town):
    assert {"town", "town-segmenter"} <= set(names())
    assert town.card.parameters == sum(p.numel() for p in town.module.parameters())
    assert not town.module.training


def test_every_layer_of_the_card_is_there_with_its_units_and_size(town):
    for layer in town.layers.values():
        state = town.run_until(town.to_w(town.latents([0])), layer.name)
        assert tuple(state.features.shape) == (1, layer.units, layer.size, layer.size)
        assert town.module_of(layer) is not None


def test_a_picture_does_not_depend_on_its_batch(town):
    alone = town.sample(3).pixels.astype(int)
    w = town.to_w(town.latents([1, 2, 3]))
    together = inscape.pictures.to_uint8(town.images(w))[2].astype(int)
    assert np.abs(alone - together).max() <= 1
    assert np.array_equal(town.sample(3).pixels, town.render(town.sample(3).latent).pixels)


def test_resuming_at_every_layer_gives_the_full_picture(town):
    w = town.to_w(town.latents([4, 5]))
    full = town.images(w)
    for name in town.layers:
        assert torch.allclose(town.resume(town.run_until(w, name)), full, atol=1e-6)


def test_no_truncation_changes_nothing_and_full_truncation_gives_one_picture(town):
    z = town.latents([0, 1])
    assert torch.allclose(town.to_w(z), town.to_w(z, 1.0))
    average = town.to_w(z, 0.0)
    assert torch.allclose(average[0], average[1])


def test_latents_of_every_kind_are_drawn(town):
    w = town.to_w(town.latents([6]))[0].numpy()
    pictures = [town.sample(6), town.render(Latent("w", w[0])), town.render(Latent("w+", w))]
    assert all(np.array_equal(pictures[0].pixels, other.pixels) for other in pictures[1:])


def test_latents_that_do_not_fit_are_refused(town):
    with pytest.raises(LatentError, match="takes w of"):
        town.render(Latent("w", np.zeros(3, np.float32)))
    with pytest.raises(LatentError, match="takes latents z of"):
        town.render(Latent("z", np.zeros(3, np.float32)))


def test_unknown_names_offer_near_ones(town):
    with pytest.raises(ModelNotFoundError, match="no model 'twon'; did you mean 'town'"):
        inscape.open("twon")
    with pytest.raises(LayerError, match="did you mean 'layer16a'"):
        town.layer("layr16a")


def test_a_folder_with_card_and_weights_opens(tmp_path, town):
    other = inscape.open(copy_of_town(tmp_path / "mine"), device="cpu")
    assert np.array_equal(other.sample(0).pixels, town.sample(0).pixels)


def test_truncated_weights_are_one_sentence(tmp_path):
    weights = copy_of_town(tmp_path / "mine") / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    with pytest.raises(FormatError, match="is not a whole safetensors file"):
        inscape.open(tmp_path / "mine")


def test_weights_that_do_not_fit_name_the_tensor(tmp_path):
    weights = copy_of_town(tmp_path / "mine") / "weights.safetensors"
    tensors, _ = storage.load_tensors(weights)
    name = next(name for name in tensors if tensors[name].ndim == 4)
    for wrong, sentence in (
        ({**tensors, name: tensors[name][:-1]}, "was expected"),
        ({**tensors, "surprise": torch.zeros(1)}, "has 'surprise', which the network does not"),
        ({k: v for k, v in tensors.items() if k != name}, f"lacks '{name}'"),
        ({**tensors, name: tensors[name] * float("nan")}, "not finite"),
    ):
        storage.save_tensors(weights, wrong)
        with pytest.raises(FormatError, match=sentence):
            inscape.open(tmp_path / "mine")


def test_an_unknown_architecture_is_one_sentence(tmp_path):
    folder = copy_of_town(tmp_path / "mine")
    card = Card.read(folder / "card.json")
    card.model_copy(update={"architecture": "stylegan9"}).write(folder / "card.json")
    with pytest.raises(FormatError, match="no architecture 'stylegan9'; did you mean 'stylegan3'"):
        inscape.open(folder)
