"""What units of the shipped classifiers do: accuracy, roles, attacks, evolution, fine-tuning, pruning.

    .venv/bin/python benchmarks/roles.py --part roles --model town-classifier --classes 5

Prints one JSON document. Bars:

- roles: 4 to 20 units bring a class to within 5 points of chance (balanced accuracy) where random sets
  cost less than 2 points; carried and moved correlate by .5 and more in rank, shuffled by .1 and less;
- pruning: the number of detectors stays within 10 % while accuracy is within 2 points, random pruning loses
  both first;
- evolution: detectors with shuffled label maps stay flat, two seeds agree by at least .8;
- fine-tuning: another task changes more units than training on the same one, p < .01.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _options import asked

from inscape.types import JsonObject

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    import argparse

    from inscape.dissection.atlas_report import AtlasReport, AtlasRow
    from inscape.models import Model
    from inscape.sources import ScenePictures

KEPT = Path(__file__).parent.parent / "checkpoints"
SEED = 91_000_000
"""Scenes count up from here; no training and no choice of units saw them."""


def pictures(model: Model) -> ScenePictures:
    """Scenes with the classes of a model."""
    from inscape.scenes import world
    from inscape.scenes.tasks import task_of
    from inscape.sources import ScenePictures

    assert model.card.world is not None and model.card.image_size is not None
    task = task_of(model.card.world, model.card.classes)
    return ScenePictures(world(model.card.world), size=model.card.image_size, task=task)


def accuracy(model: Model, options: argparse.Namespace) -> JsonObject:
    """How many unseen scenes are read right, and what the others are taken for."""
    from inscape.dissection._class_pictures import ClassPictures

    numbers = range(SEED, SEED + options.images)
    read, truth, seeds = [], [], []
    for batch in ClassPictures.of(model, None, pictures(model)).batches(numbers, ""):
        (outputs,) = batch.without([[]])
        read.append(outputs.argmax(1).numpy())
        truth.append(batch.classes)
    taken, classes = np.concatenate(read), np.concatenate(truth)
    known = classes >= 0
    names = model.card.classes
    wrong = np.flatnonzero(known & (taken != classes))
    seeds = [numbers[row] for row in wrong]
    confused = Counter((names[classes[row]], names[taken[row]]) for row in wrong)
    found = {name: float((taken == each)[classes == each].mean()) for each, name in enumerate(names)}
    return {
        "pictures": int(known.sum()),
        "accuracy": float((taken == classes)[known].mean()),
        "by_class": found,
        "confused": [[*pair, count] for pair, count in confused.most_common(8)],
        "misread_seeds": seeds[:16],
    }


def roles(model: Model, options: argparse.Namespace) -> JsonObject:
    """For some classes, how many units carry them, and what attacks move."""
    from inscape.dissection.attacks import AttackOptions
    from inscape.dissection.roles import RolesOptions, find_roles

    names = model.card.classes
    some = np.linspace(0, len(names) - 1, min(options.classes, len(names))).round().astype(int)
    asked_for = RolesOptions(options.layer, options.images, SEED, 20, AttackOptions(96))
    rows = []
    for name in [names[number] for number in some]:
        report = find_roles(model, name, pictures(model), asked_for)
        point, attack = report.enough or report.accuracy[-1], report.attack
        assert attack is not None
        rows.append(
            {
                "class": name,
                "before": report.before,
                "units_off": point.off,
                "accuracy": point.accuracy,
                "random_cost": report.before - point.random,
                "random_interval": point.interval,
                "least": point.least,
                "reached": attack.reached,
                "correlation": attack.correlation,
                "target": attack.target,
                "peaks": attack.peaks,
                "shuffled": attack.shuffled,
                "shuffled_high": attack.shuffled_high,
            }
        )
    return {"layer": report.layer, "classes": rows}


def atlas(named: list[tuple[str, Model, float]], source: Model, images: int) -> AtlasReport:
    """An atlas of models by name and place."""
    from inscape.dissection.atlas import AtlasOptions, Entry, make_atlas

    entries = [Entry(model, name, place) for name, model, place in named]
    return make_atlas(entries, pictures(source), AtlasOptions(images=images, seed=SEED))


def counted(row: AtlasRow) -> JsonObject:
    """What a row says."""
    return {
        "model": row.model,
        "place": row.place,
        "detectors": row.detectors,
        "units": row.units,
        "control": row.control,
        "accuracy": row.accuracy,
        "concepts": row.concepts,
    }


def evolution(model: Model, options: argparse.Namespace) -> JsonObject:
    """Detectors by moment, and how two seeds agree on how many units detect each concept at each."""
    from inscape.models import open_model

    folders = [KEPT / model.name / "moments", *([Path(options.second)] if options.second else [])]
    tables, runs = [], []
    for folder in folders:
        moments = sorted(path.parent for path in folder.glob("*/card.json"))
        named = [(path.name, open_model(path, device="cpu"), float(path.name)) for path in moments]
        found = atlas(named, model, options.images)
        tables.append([row.concepts for row in found.rows])
        changes = [
            [each.before, each.after, each.kept, each.switched, each.born, each.died]
            for each in found.changes[: len(moments) - 1]
        ]
        runs.append({"moments": [counted(row) for row in found.rows], "changes": changes})
    agree = None
    if len(tables) == 2:
        names = sorted({name for table in tables for row in table for name in row})
        flat = [[row.get(name, 0) for row in table for name in names] for table in tables]
        agree = float(np.corrcoef(flat[0], flat[1])[0, 1])
    return {"runs": runs, "seeds_agree": agree}


def fine_tuning(model: Model, options: argparse.Namespace) -> JsonObject:
    """Units that change their concept: by training on another task, and by as much training on the same."""
    from scipy.stats import binomtest

    from inscape.models import open_model

    others = [KEPT / f"{model.name}-season", KEPT / f"{model.name}-same"]
    named = [("before", model, 0.0)]
    named += [
        (path.name, open_model(path, device="cpu"), float(place)) for place, path in enumerate(others, 1)
    ]
    found = atlas(named, model, options.images)
    before, season, same = (row.labels for row in found.rows)
    moved = [[old != new for old, new in zip(before, after, strict=True)] for after in (season, same)]
    only = [sum(a and not b for a, b in zip(*pair, strict=True)) for pair in (moved, moved[::-1])]
    p = binomtest(only[0], sum(only), alternative="greater").pvalue if sum(only) else 1.0
    return {
        "rows": [counted(row) for row in found.rows],
        "changed": {"another task": sum(moved[0]), "same task": sum(moved[1]), "units": len(before)},
        "p": float(p),
        "changes": [[*change[:-1], change.frequent(5)] for change in found.changes],
    }


def pruning(model: Model, options: argparse.Namespace) -> JsonObject:
    """Detectors and accuracy of copies without their smallest, or without random weights."""
    from inscape.dissection.pruning import pruned
    from inscape.training.retraining import Retraining

    retrain, found = Retraining(model), {}
    for how, random in (("smallest", None), ("random", 0)):
        shares = [float(share) / 100 for share in options.shares.split(",")]
        copies = [pruned(model, share, random=random) for share in shares]
        named = [(f"{copy.share:.2f}", copy.model, copy.share) for copy in copies]
        again = [retrain(pruned(model, share, random=random), options.steps) for share in shares]
        named += [(f"{share:.2f} again", each, share) for share, each in zip(shares, again, strict=True)]
        found[how] = [counted(row) for row in atlas(named, model, options.images).rows]
    return found


PARTS = {
    "accuracy": accuracy,
    "roles": roles,
    "evolution": evolution,
    "fine-tuning": fine_tuning,
    "pruning": pruning,
}


def main() -> None:
    """Measure a part, or all."""
    from inscape.models import open_model

    options = asked(
        __doc__,
        part={"choices": [*PARTS, "all"], "default": "all"},
        model="town-classifier",
        layer={"default": None},
        images=1000,
        classes=5,
        second={"default": None, "help": "the moments of a run with another seed"},
        shares="0,30,50,70,80,90,95",
        steps=60,
    )
    model = open_model(options.model, device="cpu")
    names = list(PARTS) if options.part == "all" else [options.part]
    print(json.dumps({name: PARTS[name](model, options) for name in names}, indent=1))


if __name__ == "__main__":
    main()
