"""A model folder with weights, a segmenter and a dissection, all untrained: what verbs need to run."""

from __future__ import annotations

from pathlib import Path

import torch

from inscape import storage
from inscape.concepts import Concept, Vocabulary
from inscape.dissection import dissect
from inscape.models import Card
from inscape.models.architectures.unet import UNet, UNetConfig
from small_generators import small_generator

VOCABULARY = Vocabulary([Concept("sky", "object"), Concept("tree", "object"), Concept("brick", "material")])


def write_models(folder: Path) -> Path:
    """Write generator, segmenter and report into a folder; returns the generator's own folder."""
    segmenter = folder / "segmenter"
    torch.manual_seed(0)
    config = UNetConfig(heads=(3, 2), channels=(4, 6))
    network = UNet(config)
    storage.save_tensors(segmenter / "weights.safetensors", network.state_dict())
    Card(
        name="segmenter",
        kind="classifier",
        architecture="unet",
        config=config.to_json(),
        image_size=32,
        concepts=VOCABULARY.to_json(),
    ).write(segmenter / "card.json")
    generator = small_generator()
    generator.card = generator.card.model_copy(update={"segmenter": str(segmenter)})
    place = folder / "generator"
    generator.card.write(place / "card.json")
    storage.save_tensors(place / "weights.safetensors", generator.module.state_dict())
    dissect(generator, images=8).save(place / "report")
    return place
