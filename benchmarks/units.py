"""How many units of a layer match a concept, beside the same network with random weights.

    .venv/bin/python benchmarks/units.py --images 1000

Prints one JSON document. Bars: at least 40 % of the units above both 0.05 and their own chance level, at
least 10 object concepts among them; with random weights at most 5 %.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.models import Generator


def summary(report: DissectionReport) -> dict[str, Any]:
    """What the bars ask for."""
    vocabulary = report.vocabulary
    objects = [name for name in report.concepts if vocabulary.concept(name).plane == "object"]
    count = len(report.findings)
    return {
        "units": count,
        "above_chance": sum(finding.counts for finding in report.findings) / count,
        "top_iou_above_0.05": sum(finding.iou > 0.05 for finding in report.findings) / count,
        "object_concepts": len(objects),
        "concepts": report.concepts,
    }


def with_random_weights(model: Generator, seed: int) -> Generator:
    """The same network as it was before any training."""
    import torch

    from inscape.models import Generator
    from inscape.models.architectures.stylegan2 import StyleGAN2, StyleGAN2Config

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = StyleGAN2(StyleGAN2Config.from_json(copy.deepcopy(model.card.config)))
    network.eval().requires_grad_(False)
    return Generator(network, model.card.model_copy(update={"name": f"{model.name}-untrained"}))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default="town")
    parser.add_argument("--layer")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    from inscape.dissection import Thumbnails, dissect
    from inscape.models import Generator, open_model

    model = open_model(arguments.model, device="cpu")
    assert isinstance(model, Generator)
    few = Thumbnails(1, 32)
    trained = dissect(model, arguments.layer, arguments.images, seed=arguments.seed, top=few)
    untrained = dissect(
        with_random_weights(model, arguments.seed),
        arguments.layer,
        arguments.images,
        segmenter=model.card.segmenter,
        seed=arguments.seed,
        top=few,
    )
    document = {
        "benchmark": "units",
        "model": model.name,
        "layer": trained.layer,
        "images": arguments.images,
        "bars": {"above_chance": 0.4, "object_concepts": 10, "random_above_chance": 0.05},
        "trained": summary(trained),
        "random": summary(untrained),
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
