from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inscape import models
from inscape.errors import ConceptError, FormatError, ModelNotFoundError, ShapeError, WorldError
from inscape.models import Card, Model
from inscape.models.architectures.unet import UNet, UNetConfig
from inscape.pictures import to_tensor
from inscape.scenes import world
from inscape.segmenters import open_segmenter, segmenter_names
from inscape.segmenters.planes import Planes
from inscape.segmenters.scene import SceneSegmenter
from inscape.segmenters.scores import LabelScores
from inscape.storage import save_tensors
from small_worlds import VOCABULARY

SHIPPED = "town-segmenter"
needs_shipped = pytest.mark.skipif(SHIPPED not in models.names(), reason="the segmenter does not ship yet")


def small_model(size: int = 32) -> Model:
    """An untrained U-Net for the small world, opened."""
    config = UNetConfig(Planes(VOCABULARY).heads, (6, 8))
    card = Card(
        name="small-segmenter",
        kind="classifier",
        architecture="unet",
        config=config.to_json(),
        image_size=size,
        concepts=VOCABULARY.to_json(),
    )
    return Model(UNet(config, seed=1).eval().requires_grad_(False), card)


def write_model(folder: Path) -> Path:
    model = small_model()
    model.card.write(folder / "card.json")
    halved = {name: v.half() if v.is_floating_point() else v for name, v in model.module.state_dict().items()}
    save_tensors(folder / "weights.safetensors", halved)
    return folder


def random_images(count: int, size: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_labels_have_the_planes_and_the_size_of_the_pictures():
    segmenter = SceneSegmenter(small_model())
    assert segmenter.vocabulary.planes == ("object", "part", "material")
    for size in (32, 48, 17):
        labels = segmenter.segment(random_images(3, size))
        assert labels.shape == (3, 3, size, size) and labels.dtype == torch.uint8
        for plane, name in enumerate(segmenter.vocabulary.planes):
            allowed = {0, *map(VOCABULARY.index, VOCABULARY.in_plane(name))}
            assert set(labels[:, plane].unique().tolist()) <= allowed


def test_labels_do_not_depend_on_the_batch():
    segmenter = SceneSegmenter(small_model(64))
    images = random_images(70, 64)
    together = segmenter.segment(images)
    alone = torch.cat([segmenter.segment(image[None]) for image in images])
    assert (together != alone).float().mean() < 1e-4
    assert segmenter.segment(images[:0]).shape == (0, 3, 64, 64)


def test_probabilities_sum_to_one_and_agree_with_the_objects():
    segmenter = SceneSegmenter(small_model())
    images = random_images(4)
    shares = segmenter.probabilities(images)
    torch.testing.assert_close(shares.sum(1), torch.ones(4, 32, 32))
    labels = segmenter.segment(images)
    assert torch.equal(shares.argmax(1).to(torch.uint8), labels[:, 0])
    assert segmenter.probabilities(images[:0], "part").shape == (0, 4, 32, 32)
    with pytest.raises(ConceptError, match="did you mean 'part'"):
        segmenter.probabilities(images, "parts")


def test_features_are_means_of_every_level():
    segmenter = SceneSegmenter(small_model())
    images = random_images(3)
    features = segmenter.features(images)
    levels = segmenter.network.encode(images)
    expected = torch.cat([level.flatten(2).mean(2) for level in levels], 1)
    assert features.shape == (3, 14)
    torch.testing.assert_close(features, expected)


def test_what_are_no_pictures_is_refused():
    with pytest.raises(ShapeError, match="takes pictures"):
        SceneSegmenter(small_model()).segment(torch.zeros(2, 1, 32, 32))


def test_a_folder_opens_by_its_path(tmp_path):
    segmenter = open_segmenter(write_model(tmp_path), device="cpu")
    images = random_images(2)
    direct = SceneSegmenter(small_model())
    assert (segmenter.segment(images) != direct.segment(images)).float().mean() < 0.01


def test_damaged_weights_are_a_format_error(tmp_path):
    folder = write_model(tmp_path)
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        open_segmenter(folder)


def test_heads_that_do_not_fit_the_vocabulary_are_refused():
    model = small_model()
    other = Model(model.module, model.card.model_copy(update={"concepts": VOCABULARY.to_json()[:-2]}))
    with pytest.raises(FormatError, match="do not fit the vocabulary"):
        SceneSegmenter(other)


def test_a_model_that_is_no_segmenter_is_refused():
    model = small_model()
    other = Model(torch.nn.Conv2d(3, 3, 1), model.card)
    with pytest.raises(FormatError, match="not a scene segmenter"):
        SceneSegmenter(other)


def test_unknown_names_are_refused_with_near_ones():
    with pytest.raises(ModelNotFoundError, match="no segmenter 'towm-segmenter'"):
        open_segmenter("towm-segmenter")
    with pytest.raises(WorldError, match="did you mean 'town'"):
        open_segmenter("exact:twon")
    with pytest.raises(WorldError, match="exact:town"):
        open_segmenter("exact:")
    assert open_segmenter("exact:town").vocabulary == world("town").vocabulary


@needs_shipped
def test_the_shipped_segmenter_was_trained_on_the_world_as_it_is():
    card = models.card(SHIPPED)
    town = world("town")
    assert SHIPPED in segmenter_names()
    assert card.world_hash == town.hash()
    assert card.vocabulary == town.vocabulary


@needs_shipped
@pytest.mark.parametrize("rules", [True, False])
def test_the_shipped_segmenter_reads_unseen_scenes(rules):
    town, segmenter = world("town"), open_segmenter(SHIPPED, device="cpu")
    pictures, labels = town.batch(range(91_000_000, 91_000_064), 64, rules=rules)
    scores = LabelScores(town.vocabulary)
    found = segmenter.segment(to_tensor(pictures))
    scores.add(found, torch.from_numpy(labels))
    promised = models.card(SHIPPED).training["iou"]
    objects = np.mean([promised[name] for name in town.vocabulary.in_plane("object")])
    assert scores.mean("object") >= objects - (0.04 if rules else 0.15)
    for concept in town.vocabulary.concepts:
        if concept.plane == "part":
            inside = found[:, 1] == town.vocabulary.index(concept.name)
            assert (found[:, 0][inside] == town.vocabulary.index(concept.parent)).all()


@needs_shipped
def test_the_shipped_segmenter_tells_worlds_from_noise_by_its_features():
    segmenter = open_segmenter(SHIPPED, device="cpu")
    pictures, _ = world("town").batch(range(32), 64)
    features = segmenter.features(to_tensor(pictures))
    noise = segmenter.features(random_images(32, 64))
    assert features.shape == (32, sum(models.card(SHIPPED).config["channels"]))
    within = float((features - features.mean(0)).norm(dim=1).mean())
    between = float((features.mean(0) - noise.mean(0)).norm())
    assert np.isfinite(within) and between > within
