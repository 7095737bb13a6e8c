"""How many units of a layer match a concept, beside the same network with random weights.

    .venv/bin/python benchmarks/units.py --images 1000

Prints one JSON document. Bars: at least 60 % of the units match a concept, at least 12 object concepts among
them; with random weights at most 3 %. Whether a unit matches is decided by `dissection.criterion.matching`.

`shuffled` is the same with every label map moved to another picture, where nothing can match. `above_level`
is the share of units above 0.05 and the 99th percentile of shuffled label maps alone, the first condition of
the criterion without the error of the level: what that passes of a network with random weights is no luck.
Its latent sets the colours of the picture as well as its units, so that units do say a little of the labels.
"""

from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING

from _options import asked

from inscape.types import JsonObject

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.dissection import DissectionReport
    from inscape.models import Generator
    from inscape.segmenters import Segmenter


def summary(report: DissectionReport) -> JsonObject:
    """What the bars ask for."""
    vocabulary = report.vocabulary
    objects = [name for name in report.concepts if vocabulary.concept(name).plane == "object"]
    count = len(report.findings)
    level = report.values.chance.clamp_min(report.comparison.miniou)
    return {
        "units": count,
        "above_chance": sum(finding.counts for finding in report.findings) / count,
        "above_level": float((report.values.iou_best > level).any(dim=0).double().mean()),
        "top_iou_above_0.05": sum(finding.iou > 0.05 for finding in report.findings) / count,
        "object_concepts": len(objects),
        "concepts": report.concepts,
    }


class Shuffled:
    """A segmenter whose label maps each go to the next picture but one.

    So they stay in their half of the pictures, those that choose levels or those that measure.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter, self.vocabulary = segmenter, segmenter.vocabulary

    def segment(self, images: Tensor) -> Tensor:
        """Label maps of other pictures."""
        labels: Tensor = self.segmenter.segment(images)
        return labels.roll(2, dims=0)


def with_random_weights(model: Generator, seed: int) -> Generator:
    """The same network as it was before any training."""
    import torch

    from inscape.models import Generator
    from inscape.models.architectures.stylegan2 import StyleGAN2
    from inscape.models.architectures.stylegan2_config import StyleGAN2Config

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = StyleGAN2(StyleGAN2Config.from_json(copy.deepcopy(model.card.config)))
    network.eval().requires_grad_(False)
    return Generator(network, model.card.model_copy(update={"name": f"{model.name}-untrained"}))


def main() -> None:
    """Run the benchmark."""
    arguments = asked(
        __doc__,
        model="town",
        layer=None,
        images=1000,
        seed=0,
    )

    from inscape import segmenters
    from inscape.dissection import Thumbnails, dissect
    from inscape.models import Generator, open_model

    model = open_model(arguments.model, device="cpu")
    assert isinstance(model, Generator) and model.card.segmenter is not None
    segmenter = segmenters.open(model.card.segmenter, device="cpu")

    def found(generator: Generator, labeller: Segmenter | Shuffled) -> JsonObject:
        report = dissect(
            generator,
            arguments.layer,
            arguments.images,
            segmenter=labeller,
            seed=arguments.seed,
            top=Thumbnails(1, 32),
        )
        return {"layer": report.layer, **summary(report)}

    untrained = with_random_weights(model, arguments.seed)
    document = {
        "benchmark": "units",
        "model": model.name,
        "images": arguments.images,
        "bars": {"above_chance": 0.6, "object_concepts": 12, "random_above_chance": 0.03},
        "trained": found(model, segmenter),
        "trained_shuffled": found(model, Shuffled(segmenter)),
        "random": found(untrained, segmenter),
        "random_shuffled": found(untrained, Shuffled(segmenter)),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
