"""What is found inside a real classifier, on street frames with label maps.

    .venv/bin/python benchmarks/classifiers.py --streets ../shared/data/streets --only units,evidence,cost

Prints one JSON document. Units and names are chosen on the frames of `train`; every figure is of those of
`val` and `test`, whose drives are partly others.

- `units`: for building, road, car, sky and tree the unit of each layer that says most of it beyond its usual
  place. `iou` is its overlap on the held-out frames, `within` and `across` are the chance levels (with their
  errors) when label maps are shuffled within drives and across all. Bars: above `within` by more than the
  error; 3 times `across`; with random weights at most 5 % of the units match a concept.
- `evidence`: parts and remainder against the logit; on how many frames the ten largest parts lower the logit
  more than ten random and ten equally active ones (bar 95 %); how often a named unit is right: its most
  active place lies on its concept (`peak`, bar 80 %), or most of its region does (`region`), and the same
  against another frame of the drive (bar: 20 points less).
- `cost`: CPU seconds of an explanation by those of one forward pass, in this run. Bar: 1.3.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from _options import asked
from _streets import NAMES, SIZE, frames

from inscape.types import JsonObject

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport, Evidence
    from inscape.models import Model
    from inscape.sources import FolderPictures
    from inscape.statistics import OverlapTable

CONCEPTS = ("building", "road", "car", "sky", "tree")
MODEL, ERRORS, LEAST = "efficientnet-lite0", 2.0, 0.05


def tables(
    model: Model, source: FolderPictures, layers: tuple[str, ...], images: int
) -> dict[tuple[str, str], OverlapTable]:
    """By layer and by "within" or "across" drives."""
    import numpy as np

    from inscape.dissection._pass import Plan, kept_run
    from inscape.progress import SilentProgress
    from inscape.statistics import overlap_table

    plan, found = Plan(model, source, None, layers, source.numbers(0, images)), {}
    groups = np.unique(plan.groups or [], return_inverse=True)[1].tolist()
    with kept_run(plan, progress=SilentProgress()) as kept:
        for layer in layers:
            for kind, given in (("within", groups), ("across", None)):
                found[layer, kind] = overlap_table(
                    kept.layer(layer), kept.labels, vocabulary_size=len(plan.vocabulary), groups=given
                )
    return found


def units(streets: Path, images: int) -> JsonObject:
    """The detectors of each layer, and the share of units that match with random weights."""
    import torch

    import inscape
    from inscape.dissection import Thumbnails
    from inscape.models import Model
    from inscape.models.architectures.efficientnet_lite import EfficientNetLite

    model, layers = inscape.open(MODEL), ("block15", "head")
    with frames(streets, "train") as source:
        chosen = tables(model, source, layers, images)
        names = source.vocabulary.names if source.vocabulary else ()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = EfficientNetLite().eval().requires_grad_(False)
        untrained = Model(network, model.card.model_copy(update={"name": "untrained"}))
        report = inscape.dissect(untrained, "block15", images, source=source, top=Thumbnails(1, 32))
    random = sum(finding.counts for finding in report.findings) / len(report.findings)
    with frames(streets, "val", "test") as source:
        held = tables(model, source, layers, images)
    found: JsonObject = {"random_weights": random, "held_out_frames": held["head", "within"].count}
    for layer in layers:
        rows = {}
        for concept in CONCEPTS:
            at, train = names.index(concept) + 1, chosen[layer, "within"]
            level = train.chance_by_concept[:, at] + ERRORS * train.chance_error[:, at]
            passes = (train.iou_best[:, at] > level) & (train.iou_best[:, at] > LEAST)
            beyond = train.information[:, at] - train.information_of_place[:, at]
            unit = int((beyond * passes).argmax())
            within, across = held[layer, "within"], held[layer, "across"]
            iou = float(within.iou_best[unit, at])
            rows[concept] = {
                "unit": unit,
                "iou": iou,
                "within": [float(within.chance_by_concept[unit, at]), float(within.chance_error[unit, at])],
                "across": [float(across.chance_by_concept[unit, at]), float(across.chance_error[unit, at])],
                "times_across": iou / max(float(across.chance_by_concept[unit, at]), 1e-3),
                "information": float(within.information[unit, at]),
                "information_of_place": float(across.information_of_place[unit, at]),
                "above_within": bool(
                    iou > within.chance_by_concept[unit, at] + within.chance_error[unit, at]
                ),
            }
        found[layer] = rows
    return found


def evidence(streets: Path, images: int) -> JsonObject:
    """Sums, deletion and regions of explanations of held-out frames."""
    import numpy as np

    import inscape
    from inscape.dissection import Thumbnails
    from inscape.sources import read_photo

    model = inscape.open(MODEL)
    with frames(streets, "train") as source:
        report = inscape.dissect(model, "head", images, source=source, top=Thumbnails(1, 32))
    random, gaps, wins, hits = np.random.default_rng(0), [], [], []
    with frames(streets, "val", "test") as source:
        numbers = list(source.numbers(0, images))
        drives = source.groups(numbers) or []
        labels = [_labels(model, source, number) for number in numbers]
        for place, number in enumerate(numbers):
            found = inscape.explain(model, read_photo(source.files[number]), report=report)
            logits = model.module(_shown(found.pixels))[0]
            whole = inscape.explain(model, read_photo(source.files[number]), top=2560, curves=False)
            bias = float(model.module.classify.bias[int(logits.argmax())])
            gaps.append(abs(sum(part.contribution for part in whole.parts) + bias - float(logits.max())))
            ten = next(point for point in found.deletion if point.units == 10)
            wins.append(
                (
                    ten.best < ten.random[0] and ten.best < ten.active[0],
                    ten.best - found.logit,
                    ten.random[0] - found.logit,
                    ten.active[0] - found.logit,
                )
            )
            others = [at for at, drive in enumerate(drives) if drive == drives[place] and at != place]
            other = labels[int(random.choice(others))]
            hits += _regions(found, report, labels[place], other)
    rows = np.array([row[1:] for row in hits], dtype=float)
    by_concept = {
        name: [len(some), *some.mean(0).round(3).tolist()]
        for name in NAMES
        if len(some := rows[[row[0] == name for row in hits]])
    }
    wins_ = np.array(wins, dtype=float).mean(0)
    return {
        "frames": len(numbers),
        "largest_gap": max(gaps),
        "ten_largest_win": float(wins_[0]),
        "logit_change": dict(zip(("best", "random", "active"), wins_[1:].round(3).tolist(), strict=True)),
        "named_regions": len(hits),
        **dict(
            zip(
                ("peak", "peak_elsewhere", "region", "region_elsewhere"),
                rows.mean(0).round(3).tolist(),
                strict=True,
            )
        ),
        "by_concept": by_concept,
    }


def _regions(found: Evidence, report: DissectionReport, *maps) -> list[list]:  # type: ignore[no-untyped-def]
    """Of each named unit that speaks: whether peak and region lie on its concept in each map."""
    rows = []
    for part, mask in zip(found.parts, found.masks, strict=True):
        if part.concept is None or part.region is None or part.contribution <= 0:
            continue
        index, (x, y) = report.vocabulary.index(part.concept), part.region.peak
        peaks = [bool(each[y, x] == index) for each in maps]
        rows.append([part.concept, *peaks, *(bool((each[mask] == index).mean() > 0.5) for each in maps)])
    return rows


def _labels(model: Model, source: FolderPictures, number: int):  # type: ignore[no-untyped-def]
    batch = source.run(model, [number])
    assert batch.labels is not None
    return batch.labels[0, 0].numpy()


def _shown(pixels):  # type: ignore[no-untyped-def]
    from inscape.pictures import to_tensor

    return to_tensor(pixels[None])


def cost(streets: Path, images: int) -> JsonObject:
    """CPU seconds of explanations by those of forward passes."""
    import torch

    import inscape
    from inscape.sources import read_photo

    model, ratios = inscape.open(MODEL), []
    photos = [read_photo(path) for path in sorted((streets / "val").glob("*.jpg"))[:20]]
    shown = [_shown(photo.seen(SIZE)[:]) for photo in photos]
    inscape.explain(model, photos[0])
    with torch.inference_mode():
        for _ in range(3):
            began = time.process_time()
            for picture in shown:
                model.module(picture)
            forward = time.process_time() - began
            began = time.process_time()
            for photo in photos:
                inscape.explain(model, photo)
            ratios.append((time.process_time() - began) / forward)
    return {"times_forward": sorted(ratios)[1], "each": ratios}


def main() -> None:
    """Measure what was asked for."""
    import torch

    options = asked(
        __doc__,
        streets={"type": Path, "required": True, "help": "folder with train, val and test"},
        images=200,
        only="units,evidence,cost",
        threads=1,
    )
    torch.set_num_threads(options.threads)
    measures = {"units": units, "evidence": evidence, "cost": cost}
    found = {name: measures[name](options.streets, options.images) for name in options.only.split(",")}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
