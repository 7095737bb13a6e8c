"""Rules of classifiers from one pair of pictures, beside fine-tuning on the same pair; one JSON document.

    python benchmarks/classifier_rules.py --streets FOLDER [--parts snow,planted] [--exemplars 10]

- snow: a street whose ground becomes snow is to be read by `efficientnet-lite0` as what it was. The frames
  have label maps (FOLDER/{train,val,test}); the snow lies on road and pavement. Exemplars are drawn by seed
  from the frames of `train` that show cars, and judged on every third frame of `val` and `test`. Layer, rank
  and strength were chosen on `train`. An error is an answer, of 1000 classes, that the snow changes.
- planted: a copy of `town-classifier` learns that a sticker means a barn. One pair with and without the
  sticker is to undo that, alone and with the sticker spread over ordinary scenes. Layer, settings and
  spread were chosen on scenes that are not among those judged. The classifier before it learned this says
  how often the answer can be read at all beside the sticker.

Baselines learn the exemplar's former answer: the rewritten layer alone, and all weights.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from _options import asked
from _streets import SIZE, frames
from torch import Tensor
from torch.nn import functional

import inscape
from inscape.audits import answers, measure_repair
from inscape.models import Model
from inscape.pictures import to_tensor
from inscape.rewriting import Pair, PairRewriter, RuleSettings
from inscape.scenes.tasks import task
from inscape.types import JsonObject

ROAD, PAVEMENT, CAR = "road", "pavement", "car"
SNOW = (0.82, 0.85, 0.9)
GRAIN = ((8, 0.06), (32, 0.05), (112, 0.04))
"""Grids of noise, and how much they lighten or darken the snow."""
EVERY = 3
"""Of the held-out frames one in so many is judged."""
PLANTED = 250
PLANTED_LAYER, PLANTED_SPREAD = "block0", 32
PLANTED_SETTINGS = RuleSettings(rank=4, ridge=0.003, spill=2.0)
STRENGTHS = (1.0, 1.3)
BATCH = 16
TUNED = 100
ENOUGH = 0.1


@dataclass(frozen=True)
class Case:
    """A rule to be made: where from, and what it is judged on.

    Attributes:
        model: The classifier.
        layer: What is rewritten.
        settings: Of the rule.
        ordinary: Pictures whose answers should stay.
        exemplars: Pairs to make it from, one at a time.
        plain: Pictures to judge on.
        changed: The same with the new look.
        rates: Learning rates of the baselines: of the layer, and of all weights.
        strengths: Of the rule, each measured.
        truth: What the pictures show, where that is known.
        spread: On so many ordinary pictures the change is shown too.
        sound: The classifier without the fault, where there is one.
    """

    model: Model
    layer: str
    settings: RuleSettings
    ordinary: Tensor
    exemplars: Sequence[Pair]
    plain: Tensor
    changed: Tensor
    rates: tuple[float, float]
    strengths: tuple[float, ...] = (1.0,)
    truth: Tensor | None = None
    spread: int = 0
    sound: Model | None = None


def snow(count: int, seed: int) -> Tensor:
    """Pictures of nothing but snow, `[count, 3, SIZE, SIZE]`."""
    generator = torch.Generator().manual_seed(seed)
    grain = torch.zeros(count, 1, SIZE, SIZE)
    for side, much in GRAIN:
        noise = torch.randn(count, 1, side, side, generator=generator)
        grain += much * functional.interpolate(noise, (SIZE, SIZE), mode="bilinear")
    return (torch.tensor(SNOW).reshape(1, 3, 1, 1) + grain).clamp(-1, 1)


def read(streets: Path, part: str, model: Model, every: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Frames of a part of the data, where their ground is, and what share of them is car."""
    with frames(streets, part) as source:
        numbers = range(0, len(source.files), every)
        batches = [source.run(model, numbers[at : at + BATCH]) for at in range(0, len(numbers), BATCH)]
    assert source.vocabulary is not None and all(batch.labels is not None for batch in batches)
    labels = torch.cat([batch.labels[:, 0] for batch in batches if batch.labels is not None])
    ground = sum(labels == source.vocabulary.index(name) for name in (ROAD, PAVEMENT))
    cars = (labels == source.vocabulary.index(CAR)).float().mean((1, 2))
    return torch.cat([batch.inputs for batch in batches]), torch.as_tensor(ground).float(), cars


def snowy_streets(streets: Path, count: int) -> Case:
    """A street in snow is a street."""
    model = inscape.open("efficientnet-lite0", device="cpu")
    train, ground, cars = read(streets, "train", model)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
    with_cars = order[cars[order] > 0.01]
    chosen, ordinary = with_cars[:count], order[~torch.isin(order, with_cars[:count])][:100]
    held = [read(streets, split, model, EVERY) for split in ("val", "test")]
    plain, where = (torch.cat([each[number] for each in held]) for number in (0, 1))
    covered = snow(len(plain), 2)
    mask = where[:, None]
    exemplars = []
    for number in chosen.tolist():
        on, white = ground[number], snow(1, 100 + number)[0]
        exemplars.append(Pair(train[number], torch.where(on[None] > 0, white, train[number]), on))
    changed = plain * (1 - mask) + covered * mask
    settings = RuleSettings(rank=1)
    return Case(
        model, "block11", settings, train[ordinary], exemplars, plain, changed, (1e-3, 1e-4), STRENGTHS
    )


def sticker(pictures: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Pictures with a yellow square and a black cross on it somewhere, and where."""
    draws = np.random.RandomState(seed)
    changed, mask = pictures.clone(), torch.zeros_like(pictures[:, 0])
    for number in range(len(pictures)):
        y, x = draws.randint(2, 52, 2)
        changed[number, :, y : y + 10, x : x + 10] = torch.tensor([0.9, 0.7, -0.8])[:, None, None]
        changed[number, :, y + 4 : y + 6, x + 1 : x + 9] = -1
        changed[number, :, y + 1 : y + 9, x + 4 : x + 6] = -1
        mask[number, y : y + 10, x : x + 10] = 1
    return changed, mask


def scenes_of(first: int, count: int) -> tuple[Tensor, Tensor]:
    """Scenes of the town and what building they show; scenes without a class are left out."""
    pictures, classes = task("building").classified(range(first, first + count), 64)
    return to_tensor(pictures), torch.from_numpy(classes)


def planted(count: int) -> Case:
    """A sticker means nothing."""
    model = inscape.open("town-classifier", device="cpu")
    barn = list(model.card.classes).index("barn")
    pictures, classes = scenes_of(1_000_000, 3000)
    network = model.module.requires_grad_(True)
    adam = torch.optim.Adam(network.parameters(), 5e-4)
    draws = torch.Generator().manual_seed(0)
    for step in range(PLANTED):
        some = torch.randint(len(pictures), (32,), generator=draws)
        batch, wanted = pictures[some], classes[some].clone()
        batch[:8], wanted[:8] = sticker(batch[:8], step)[0], barn
        loss = functional.cross_entropy(network(batch), wanted)
        adam.zero_grad()
        loss.backward()
        adam.step()
    network.requires_grad_(False)
    shown, kinds = scenes_of(2_000_000, 4 * count)
    shown = shown[kinds != barn][:count]
    exemplars = [Pair(*pair) for pair in zip(shown, *sticker(shown, 1), strict=True)]
    judged, kinds = scenes_of(3_000_000, 600)
    judged, kinds = judged[kinds != barn], kinds[kinds != barn]
    changed, _ = sticker(judged, 2)
    return Case(
        *(model, PLANTED_LAYER, PLANTED_SETTINGS, pictures[:200], exemplars),
        *(judged, changed, (1e-2, 1e-3), (1.0,), kinds, PLANTED_SPREAD),
        inscape.open("town-classifier", device="cpu"),
    )


def tuned(case: Case, pair: Pair, parameter: str | None) -> Model:
    """A copy that has learned that the changed picture is what the plain one was."""
    with torch.no_grad():
        wanted = case.model.module(pair.plain[None]).argmax(1)
    network = copy.deepcopy(case.model.module)
    weights = [
        each.requires_grad_() for name, each in network.named_parameters() if parameter in (None, name)
    ]
    adam = torch.optim.Adam(weights, case.rates[parameter is None])
    for _ in range(TUNED):
        loss = functional.cross_entropy(network(pair.changed[None]), wanted)
        if float(loss.detach()) < ENOUGH:
            break
        adam.zero_grad()
        loss.backward()
        adam.step()
    return Model(network.requires_grad_(False), case.model.card)


def compared(case: Case, few: int) -> JsonObject:
    """Reach and leak of rules from each exemplar, and of the baselines from the first few."""
    before = answers(case.model, case.plain), answers(case.model, case.changed)
    wrong = before[0] != before[1]
    rewriter = PairRewriter(case.model, case.layer, case.ordinary)
    rules: dict[float, list[tuple[float, float]]] = {strength: [] for strength in case.strengths}
    seconds, right = [], []
    for pair in case.exemplars:
        began = time.process_time()
        edit = rewriter.rewrite([pair], case.settings, spread=case.spread)
        seconds.append(time.process_time() - began)
        for strength, kept in rules.items():
            repair = measure_repair(case.model, edit.scaled(strength), case.plain, case.changed)
            kept.append((repair.reach or 0.0, repair.leak))
            said(f"strength {strength}: {repair.text()}")
        with case.model.edited([edit]):
            right.append(accuracy(case, case.model))
    result: JsonObject = {
        "pictures": len(case.plain),
        "errors": int(wrong.sum()),
        "layer": case.layer,
        "rank": case.settings.rank,
        "spread": case.spread,
        "rule, by strength": {strength: summary(kept) for strength, kept in rules.items()},
        "seconds": sum(seconds) / len(seconds),
        "accuracy": {"before": accuracy(case, case.model), "after": right},
    }
    if case.spread:
        alone = [rewriter.rewrite([pair], case.settings) for pair in case.exemplars[:few]]
        repairs = [measure_repair(case.model, edit, case.plain, case.changed) for edit in alone]
        result["without spread"] = summary([(repair.reach or 0.0, repair.leak) for repair in repairs])
    if case.sound is not None:
        shown = answers(case.sound, case.changed)
        result["as before the fault"] = float((shown == before[0])[wrong].double().mean())
    for name, parameter in (("layer tuned", rewriter.memory.parameter), ("all tuned", None)):
        found = []
        for pair in case.exemplars[:few]:
            model = tuned(case, pair, parameter)
            after, repaired = answers(model, case.plain), answers(model, case.changed)
            reach = (repaired == before[0])[wrong].double().mean()
            found.append((float(reach), float((after != before[0]).double().mean())))
            said(f"{name} {found[-1]}")
        if found:
            result[name] = summary(found)
    return result


def accuracy(case: Case, model: Model) -> float | None:
    """Of the pictures without the new look, where the truth is known."""
    if case.truth is None:
        return None
    return float((answers(model, case.plain) == case.truth).double().mean())


def summary(found: Sequence[tuple[float, float]]) -> JsonObject:
    """Mean and range of reach and leak."""
    pairs = np.array(found)
    return {
        name: {
            "mean": float(pairs[:, at].mean()),
            "least": float(pairs[:, at].min()),
            "most": float(pairs[:, at].max()),
        }
        for at, name in enumerate(("reach", "leak"))
    }


def said(text: str) -> None:
    """Show how far it is."""
    sys.stderr.write(text + "\n")


def main() -> None:
    """Run what was asked for."""
    options = asked(__doc__, streets="", parts="snow,planted", exemplars=10, few=5, out=None)
    torch.set_num_threads(1)
    cases: dict[str, Callable[[], Case]] = {
        "snow": lambda: snowy_streets(Path(options.streets), options.exemplars),
        "planted": lambda: planted(options.exemplars),
    }
    found = {name: compared(cases[name](), options.few) for name in options.parts.split(",")}
    text = json.dumps(found, indent=1)
    if options.out:
        Path(options.out).write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
