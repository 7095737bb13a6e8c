"""What a generator draws beside what its world holds, by the segmenter.

    python benchmarks/generator.py --pictures 5000
    python benchmarks/generator.py --pictures 600 --model RUN/model --judge checkpoints/town-judge-64

Prints one JSON document: for every concept the share of the picture that it covers, in generated pictures,
in the world's by the segmenter and by the world's own labels; how many pictures carry a watermark; and the
Fréchet distance of object areas, beside the world's own floor (two disjoint samples of as many scenes). With
`--judge`, the same distance by a second segmenter that was trained apart, and the Fréchet distance in that
segmenter's features, which no training uses.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import torch
from _options import asked
from photo_parts.figures import rounded

import inscape
from inscape.models import Generator
from inscape.parallel import Executor, open_executor, pieces_of
from inscape.pictures import to_tensor
from inscape.scenes import World, world
from inscape.segmenters import Segmenter, open_segmenter
from inscape.segmenters.areas import REFERENCE_SEED, LabelledPictures, WorldDistance
from inscape.statistics import Covariance, frechet_distance
from inscape.types import JsonObject

COMMON = 0.01  # share of the world's area from which a concept is judged by the narrow bar
NARROW, WIDE = (0.7, 1.4), (0.3, 3.0)
MARKED = (0.03, 0.12)


def drawn(model: Generator, count: int) -> Iterator[torch.Tensor]:
    """Pictures of a generator from seeds 0, 1, ..."""
    for start in range(0, count, 50):
        seeds = list(range(start, min(start + 50, count)))
        yield model.images(model.to_w(model.latents(seeds)))


def labels(model: Generator, segmenter: Segmenter, count: int, executor: Executor) -> Iterator[torch.Tensor]:
    """Labels of those pictures."""
    return executor.map(LabelledPictures(model, segmenter), pieces_of(range(count), 50))


def second_opinion(model: Generator, scenes: World, name: str, count: int, executor: Executor) -> JsonObject:
    """Distances by a segmenter that was trained apart: of areas, and of the means of its features."""
    judge = open_segmenter(name, device="cpu")
    size = model.card.image_size
    areas = WorldDistance(scenes, judge, size, count, executor=executor)
    starts = range(REFERENCE_SEED, REFERENCE_SEED + 2 * count, 50)
    world = torch.cat([judge.features(to_tensor(scenes.batch(range(s, s + 50), size)[0])) for s in starts])
    found = torch.cat([judge.features(images) for images in drawn(model, count)])
    one, other, own = (Covariance.of(part.double().numpy()) for part in (*world.split(count)[:2], found))
    return {
        "judge": name,
        "frechet": areas.compare(labels(model, judge, count, executor))["frechet"],
        "floor": areas.floor,
        "frechet_of_features": frechet_distance(own, one),
        "floor_of_features": frechet_distance(other, one),
    }


def judge(found: JsonObject, objects: tuple[str, ...]) -> JsonObject:
    """Which object concepts miss their bars; where the world has watermarks, whether they keep theirs."""
    short = {}
    for name in objects:
        concept = found["concepts"][name]
        low, high = NARROW if concept["area_exact"] >= COMMON else WIDE
        if concept["ratio"] is None or not low <= concept["ratio"] <= high:
            short[name] = {"ratio": concept["ratio"], "bar": [low, high]}
    marked = found["marked"]
    if not marked:
        return {"objects_short": short}
    ok = MARKED[0] <= marked["watermark"] <= MARKED[1] and marked["banner"] > 0 and marked["lettering"] > 0
    return {"objects_short": short, "watermark": bool(ok)}


def main() -> None:
    """Measure and print."""
    options = asked(
        __doc__,
        model="town",
        segmenter=dict(help="the one of the model's card, or else of the world, unless given"),
        world=dict(help="the one of the model's card, or else town, unless given"),
        pictures=5000,
        workers=dict(default="1", help="processes, ray, or ray://HOST:PORT"),
        judge=dict(help="a second segmenter, trained apart"),
    )
    model = inscape.open(options.model, device="cpu")
    scenes = world(options.world or model.card.world or "town")
    labelled_by = options.segmenter or model.card.segmenter or f"{scenes.name}-segmenter"
    segmenter = open_segmenter(labelled_by, device="cpu")
    with open_executor(options.workers) as executor:
        document = score(model, scenes, segmenter, options, executor)
    print(json.dumps(rounded(document), indent=1))


def score(
    model: Generator,
    scenes: World,
    segmenter: Segmenter,
    options: argparse.Namespace,
    executor: Executor,
) -> JsonObject:
    """The document, whoever works on it."""
    count = options.pictures
    distance = WorldDistance(scenes, segmenter, model.card.image_size, count, executor=executor)
    found = distance.compare(labels(model, segmenter, count, executor))
    report = {
        "model": options.model,
        "pictures": count,
        "frechet": found["frechet"],
        "floor": found["floor"],
        "bars": judge(found, segmenter.vocabulary.in_plane("object")),
        "marked": found["marked"],
        "marked_world": found["marked_world"],
        "marked_exact": distance.exact.marked(),
        "concepts": found["concepts"],
    }
    if options.judge:
        report["second"] = second_opinion(model, scenes, options.judge, count, executor)
    return report


if __name__ == "__main__":
    main()
