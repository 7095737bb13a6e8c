"""How many units of a layer match a concept, beside the same network with random weights.

    .venv/bin/python benchmarks/units.py --images 1000

Prints one JSON document. Bars: at least 40 % of the units above both 0.05 and their own chance level, at
least 10 object concepts among them; with random weights at most 5 %.

`shuffled` is the same with every label map moved to another picture, where nothing can match: as chance is a
99th percentile of 100 shuffles, some 2 % of units pass it by luck. What a network with random weights shows
above that is no luck: its latent sets the colours of the picture as well as its units, so that units do say
a little of the labels. How little is in `informative`, the share of units that also reach the information
quality ratio of 0.01 that GAN Dissection asks for.
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

LEAST_INFORMATION = 0.01


def summary(report: DissectionReport) -> JsonObject:
    """What the bars ask for."""
    vocabulary = report.vocabulary
    objects = [name for name in report.concepts if vocabulary.concept(name).plane == "object"]
    count = len(report.findings)
    information = report.values.information
    assert information is not None
    informative = [
        finding.concept_best is not None
        and information[vocabulary.index(finding.concept_best) - 1, finding.unit].item() > LEAST_INFORMATION
        for finding in report.findings
    ]
    above = [finding.counts for finding in report.findings]
    return {
        "units": count,
        "above_chance": sum(above) / count,
        "informative": sum(map(all, zip(above, informative, strict=True))) / count,
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
        "bars": {"above_chance": 0.4, "object_concepts": 10, "random_above_chance": 0.05},
        "trained": found(model, segmenter),
        "trained_shuffled": found(model, Shuffled(segmenter)),
        "random": found(untrained, segmenter),
        "random_shuffled": found(untrained, Shuffled(segmenter)),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
