"""How well the shipped segmenter reads scenes that it never saw, and how far two of them agree.

    python benchmarks/segmenter.py --scenes 1000 [--second FOLDER] [--model town --pictures 500]

Prints one JSON document. `--second` is a segmenter trained from another seed: the folder that
`inscape.training.segmenter.train_segmenter(..., options=SegmenterOptions(seed=1))` wrote.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from _options import asked
from generator import drawn

import inscape
from inscape.pictures import to_tensor
from inscape.scenes import World, world
from inscape.segmenters import Segmenter, open_segmenter
from inscape.segmenters.scores import LabelScores
from inscape.types import JsonObject

FIRST_SEED = 90_000_000
LARGE = 48  # pixels of 64 x 64


def read_scenes(segmenter: Segmenter, scenes: World, count: int, size: int, rules: bool) -> LabelScores:
    """Compare the segmenter with the world's own labels."""
    scores = LabelScores(scenes.vocabulary)
    for start in range(0, count, 50):
        seeds = range(FIRST_SEED + start, FIRST_SEED + min(start + 50, count))
        pictures, labels = scenes.batch(seeds, size, rules=rules)
        scores.add(segmenter.segment(to_tensor(pictures)), torch.from_numpy(labels))
    return scores


def agreement(first: Segmenter, second: Segmenter, model: inscape.Generator, count: int) -> JsonObject:
    """Of the pixels that the first gives to a concept, the share that the second gives to it too."""
    scores = LabelScores(first.vocabulary)
    for images in drawn(model, count):
        scores.add(second.segment(images), first.segment(images))
    objects = first.vocabulary.in_plane("object")
    found = {name: round(share, 4) for name, share in scores.recall().items() if name in objects}
    return {"pictures": count, "objects": found, "worst": min(found.items(), key=lambda item: item[1])}


def bars(scores: LabelScores) -> JsonObject:
    """The figures that the bars ask for, and which concepts miss theirs."""
    iou, areas = scores.iou(), scores.median_area()
    in_plane = scores.vocabulary.in_plane
    least = {name: 0.93 if areas[name] >= LARGE else 0.85 for name in in_plane("object") if name in iou}
    least |= {name: 0.75 for name in in_plane("part") if name in iou}
    return {
        "mean": {plane: round(scores.mean(plane), 4) for plane in scores.vocabulary.planes},
        "short": {name: [round(iou[name], 4), bar] for name, bar in least.items() if iou[name] < bar},
        "concepts": {
            name: {"iou": round(iou[name], 4), "median_pixels": areas.get(name, 0.0)} for name in iou
        },
    }


def main() -> None:
    """Measure and print."""
    options = asked(
        __doc__,
        segmenter="town-segmenter",
        second=dict(type=Path),
        world="town",
        scenes=1000,
        size=64,
        model=dict(help="generator whose pictures the two are compared on"),
        pictures=500,
    )
    scenes, segmenter = world(options.world), open_segmenter(options.segmenter, device="cpu")
    lawful, lawless = (
        read_scenes(segmenter, scenes, options.scenes, options.size, rules) for rules in (True, False)
    )
    report: JsonObject = {
        "segmenter": options.segmenter,
        "scenes": options.scenes,
        "size": options.size,
        "rules": bars(lawful),
        "no_rules": bars(lawless),
        "loss_without_rules": round(lawful.mean("object") - lawless.mean("object"), 4),
    }
    if options.second and options.model:
        other = open_segmenter(options.second, device="cpu")
        report["agreement"] = agreement(
            segmenter, other, inscape.open(options.model, device="cpu"), options.pictures
        )
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
