# ruff: noqa: E402
"""Facts of SmolLM2-135M: which it holds, and where causal tracing finds them.

`held` counts the shipped facts that the model holds, by relation. `trace` averages over facts drawn by seed
from those: in which layer the hidden states' effect peaks at the subject's last token, and whether the MLPs'
effect there lies above the attention's. It also says by how much putting everything back misses the clean
probability, and the CPU time of a fact beside that of the plain form, which runs the whole model for each
state.

    python benchmarks/facts.py --facts 50 > facts.json
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy and torch are imported

import json
import platform
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from _options import asked

import inscape
from inscape.facts import (
    Fact,
    Trace,
    TraceSettings,
    average_traces,
    held_facts,
    shipped_facts,
    trace,
)
from inscape.facts.restoring import KINDS, Restoration
from inscape.facts.tracing import noisy_runs
from inscape.models.language import LanguageModel
from inscape.progress import SilentProgress
from inscape.types import JsonObject
from reference.tracing import restored_one_by_one


def counted(facts: tuple[Fact, ...], held: tuple[Fact, ...]) -> dict[str, list[int]]:
    """By relation, how many are held of how many."""
    there, all_of = Counter(fact.relation for fact in held), Counter(fact.relation for fact in facts)
    return {relation: [there[relation], count] for relation, count in all_of.items()}


def drawn_from_held(model: LanguageModel, facts: tuple[Fact, ...], count: int, seed: int) -> list[Fact]:
    """Facts that the model holds, drawn by seed; no more are asked than it takes."""
    order, found = random.Random(seed).sample(facts, len(facts)), []
    for start in range(0, len(order), 32):
        found += held_facts(model, order[start : start + 32]).facts
        if len(found) >= count:
            break
    return found[:count]


def everything_restored(model: LanguageModel, fact: Fact, settings: TraceSettings) -> float:
    """By how much the clean probability is missed when the hidden states of a layer are all put back."""
    runs, tokens = noisy_runs(model, fact, settings), tuple(range(len(model.encode(fact.text).tokens)))
    blocks = len(model.parts.blocks)
    cells = [Restoration("hidden", tokens, (layer, layer + 1)) for layer in (0, blocks // 2, blocks - 1)]
    with SilentProgress().task("") as task:
        found = runs.restored(cells, range(settings.runs), task)
    return float((found - runs.clean).abs().max())


def plain_seconds(model: LanguageModel, fact: Fact, settings: TraceSettings, cells: int) -> float:
    """CPU time of all states of a fact in the plain form, from some of them."""
    runs, found = noisy_runs(model, fact, settings), trace_cells(model, fact)
    chosen = random.Random(0).sample(found, cells)
    start = time.process_time()
    restored_one_by_one(model, runs, chosen)
    return (time.process_time() - start) * len(found) / cells


def trace_cells(model: LanguageModel, fact: Fact) -> list[Restoration]:
    """One state each, from the subject on."""
    encoded, blocks = model.encode(fact.text), len(model.parts.blocks)
    first = encoded.covering(*fact.span)[0]
    return [
        Restoration(kind, (token,), (layer, layer + 1))
        for kind in KINDS
        for token in range(first, len(encoded.tokens))
        for layer in range(blocks)
    ]


def peak(traces: list[Trace]) -> JsonObject:
    """The layer where the hidden states at the subject's last token do most; 95 % of it in resamples."""
    rows = np.stack([each.effect["hidden"][each.subject[1]] for each in traces])
    draws = np.random.default_rng(0).integers(0, len(rows), (1000, len(rows)))
    layers = rows[draws].mean(1).argmax(1)
    mean = rows.mean(0)
    return {
        "facts": len(rows),
        "layer": int(mean.argmax()),
        "effect": float(mean.max()),
        "interval": [int(each) for each in np.quantile(layers, (0.025, 0.975))],
    }


def summary(traces: list[Trace]) -> JsonObject:
    """What the bars ask, and the curves at the subject's last token and at the prompt's end."""
    average = average_traces(traces)
    several = [each for each in traces if each.subject[0] < each.subject[1]]
    curves = {
        f"{kind} at {role}": [round(value, 3) for value in average.at(kind, role).tolist()]
        for kind in KINDS
        for role in ("last", "end")
    }
    return {
        "counts": dict(average.counts),
        "clean": average.clean,
        "corrupted": average.corrupted,
        "peak": peak(traces),
        "peak of subjects of several tokens": peak(several) if several else None,
        "mlp_above_attention": {
            "mlp": float(average.at("mlp", "last").max()),
            "attention": float(average.at("attention", "last").max()),
        },
        "curves": curves,
    }


def main() -> int:
    """Print the document."""
    options = asked(
        __doc__,
        facts={"default": 50, "help": "facts that are traced"},
        runs={"default": 10, "help": "noisy runs of each"},
        seed={"default": 0, "help": "of the draw"},
        plain={"default": 6, "help": "states of the plain form that are timed; 0 for none"},
        part={"default": "all", "choices": ("all", "held", "trace")},
    )
    torch.set_num_threads(1)
    model = inscape.open("smollm2", device="cpu")
    assert isinstance(model, LanguageModel)
    shipped = shipped_facts().facts
    found: JsonObject = {"machine": platform.processor() or platform.machine()}
    if options.part != "trace":
        start = time.process_time()
        held = held_facts(model, shipped)
        found["held"] = {
            "facts": len(held.facts),
            "of": len(shipped),
            "seconds": time.process_time() - start,
            "relations": counted(shipped, held.facts),
        }
    if options.part != "held":
        settings = TraceSettings(runs=options.runs)
        drawn = drawn_from_held(model, shipped, options.facts, options.seed)
        traces, seconds = [], []
        for fact in drawn:
            start = time.process_time()
            traces.append(trace(model, fact, settings))
            seconds.append(time.process_time() - start)
            print(f"{len(traces)}: {fact.text!r} {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
        found["trace"] = summary(traces) | {
            "seconds": {"mean": sum(seconds) / len(seconds), "most": max(seconds)},
            "missed": everything_restored(model, drawn[0], settings),
        }
        if options.plain:
            plain = plain_seconds(model, drawn[0], settings, options.plain)
            found["trace"]["plain"] = {"seconds": plain, "ratio": plain / seconds[0]}
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
