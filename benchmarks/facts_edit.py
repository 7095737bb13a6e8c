"""Edits of facts in SmolLM2-135M, beside baselines and controls; one JSON document.

    python benchmarks/facts_edit.py [--parts alone,baselines,controls,many,rest,time] [--facts 100]
        [--keep FOLDER] [--plot FILE]

Facts are drawn by seed from those that ship and that the model holds. Layers, rates and thresholds were
chosen on others, which are left out here.

- alone: ROME, each fact in a model of its own.
- baselines: fine-tuning (ft) and constrained fine-tuning (ft+l), likewise.
- controls: the same values along random keys, with C = I, and in the wrong layer, on the first 30 facts.
- many: the facts at once, in growing numbers: MEMIT, AlphaEdit, and the sum of ROME's edits. `--plot` draws
  their scores.
- sequence: ROME, each edit made in the model that has the edits before it.
- rest: entropy of n-grams, and perplexity of other texts, before and after all facts at once.
- time: CPU-seconds of an edit, beside the plain form of ROME in the same run.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from _options import asked

import inscape
from inscape import storage
from inscape.activations import edited
from inscape.editing import JointEdit, WeightEdit
from inscape.facts import (
    EditSettings,
    Fact,
    FactEditor,
    FactScores,
    Target,
    TuningSettings,
    find_targets,
    held_facts,
    key_spaces,
    perplexity,
    scores,
    shipped_facts,
    shipped_texts,
    summarized,
    written_entropy,
)
from inscape.facts.edit import factors
from inscape.facts.fine_tuning import fine_tuned
from inscape.facts.targets import PREFIXES, fact_lines
from inscape.models.language import LanguageModel
from inscape.rewriting.key_space import KeySpace
from inscape.statistics import SecondMoment
from inscape.types import JsonObject

PARTS = ("alone", "baselines", "controls", "many", "rest", "time")
CHOSEN_ON = (
    *("Brooklyn Bridge", "Champs-Élysées", "Chile", "Copenhagen", "Empire State Building", "Galveston"),
    *("Guangzhou", "Harrisburg", "James Clerk Maxwell", "Libya", "Pretoria", "Tampa"),
    *("The Picture of Dorian Gray", "fluorine", "herring", "lily"),
)
"""Subjects that layers, rates and thresholds were chosen on."""
NUMBERS = (1, 10, 25, 50, 100, 150, 200)
WRONG = 20
CONTROLS = 30
TUNING = {
    "ft": TuningSettings(rate=5e-4),
    "ft+l": TuningSettings(rate=5e-4, limit=2e-4),
}
BATCH = 8


class Bench:
    """One run.

    Args:
        count: Facts that are edited.
        seed: Of the draw.
        judged: The most facts that are judged where many are edited at once.
        keep: Folder of what is written for facts, so that a run goes on where another one stopped.
    """

    def __init__(self, count: int, seed: int, judged: int, keep: Path | None = None) -> None:
        model = inscape.open("smollm2", device="cpu")
        assert isinstance(model, LanguageModel)
        self.model, self.judged = model, judged
        self.facts = drawn(model, count, seed)
        self.editor = FactEditor(model)
        self.block = self.editor.blocks[-1]
        self.keep = keep
        self._targets: list[Target] = []
        self._before: list[FactScores] = []

    def targets(self, count: int | None = None) -> list[Target]:
        """What is written for the first facts; found once."""
        count = len(self.facts) if count is None else count
        while len(self._targets) < count:
            at = len(self._targets)
            self._targets += self.found(self.facts[at : min(at + BATCH, count)])
            said(f"targets {len(self._targets)}")
        return self._targets[:count]

    def found(self, facts: list[Fact]) -> list[Target]:
        """What is written for some facts, read where it is kept."""
        if self.keep is None:
            return self.editor.targets(facts)
        by = storage.content_key([asdict(fact) for fact in facts], asdict(self.editor.settings), PREFIXES)
        path = self.keep / f"{by}.safetensors"
        if not path.is_file():
            made = self.editor.targets(facts)
            tensors = {
                f"{n}.{name}": getattr(t, name) for n, t in enumerate(made) for name in ("keys", "added")
            }
            storage.save_tensors(path, tensors, {"rows": json.dumps([[t.steps, t.loss] for t in made])})
        tensors, said_of = storage.load_tensors(path)
        return [
            Target(fact, tensors[f"{n}.keys"], tensors[f"{n}.added"], steps, (loss[0], loss[1]))
            for n, (fact, (steps, loss)) in enumerate(zip(facts, json.loads(said_of["rows"]), strict=True))
        ]

    def before(self, count: int) -> list[FactScores]:
        """How the model does at the first facts without an edit."""
        if len(self._before) < count:
            self._before += scores(self.model, self.facts[len(self._before) : count])
        return self._before[:count]

    def with_edit(self, edit: WeightEdit | JointEdit, facts: Sequence[Fact]) -> list[FactScores]:
        """How it does with one."""
        with self.model.edited([edit.transferred()]):
            return scores(self.model, facts)

    def each_alone(self, edits: Iterator[tuple[Fact, WeightEdit | JointEdit]]) -> JsonObject:
        """The judgement of edits of one fact each."""
        found = [each for fact, edit in edits for each in self.with_edit(edit, [fact])]
        return summarized(found).to_json()

    def alone(self) -> JsonObject:
        """ROME, fact by fact."""
        after = self.each_alone((t.fact, self.editor.written([t])) for t in self.targets())
        steps = [target.steps for target in self.targets()]
        before = summarized(self.before(len(self.facts))).to_json()
        return {"before": before, "rome": after, "steps": sum(steps) / len(steps)}

    def baselines(self) -> JsonObject:
        """Fine-tuning, fact by fact."""
        found: JsonObject = {}
        for name, settings in TUNING.items():
            editor = FactEditor(self.model, EditSettings(name, tuning=settings))  # type: ignore[arg-type]
            edits = self._tuned(editor, settings)
            found[name] = self.each_alone(edits)
            said(f"{name} {found[name]['score']:.3f}")
        return found

    def _tuned(
        self, editor: FactEditor, settings: TuningSettings
    ) -> Iterator[tuple[Fact, WeightEdit | JointEdit]]:
        block = editor.blocks[0]
        for start in range(0, len(self.facts), BATCH):
            facts = self.facts[start : start + BATCH]
            changes = fine_tuned(self.model, facts, block, settings, alone=True)
            for fact, change in zip(facts, changes, strict=True):
                yield fact, editor.weight_edit(block, *factors(change))

    def controls(self) -> JsonObject:
        """What should do worse, on some of the facts."""
        targets = self.targets(min(CONTROLS, len(self.facts)))
        facts = [target.fact for target in targets]
        moment = SecondMoment(self.editor.spaces[self.block].width)
        moment.total, moment.count = torch.eye(len(moment.total), dtype=torch.float64) * 1e5, 100_000
        plain = FactEditor(self.model, spaces={self.block: KeySpace(moment)})
        wrong = FactEditor(self.model, EditSettings(blocks=(WRONG,)))
        there = [t for at in range(0, len(facts), BATCH) for t in wrong.targets(facts[at : at + BATCH])]
        generator = torch.Generator().manual_seed(0)

        def random_key(target: Target) -> Target:
            keys = torch.randn(1, target.keys.shape[1], generator=generator)
            return replace(target, keys=keys * target.keys.norm(dim=1).mean() / keys.norm())

        return {
            "facts": len(facts),
            "rome": self.each_alone((t.fact, self.editor.written([t])) for t in targets),
            "random keys": self.each_alone((t.fact, self.editor.written([random_key(t)])) for t in targets),
            "C = I": self.each_alone((t.fact, plain.written([t])) for t in targets),
            f"layer {WRONG}": self.each_alone((t.fact, wrong.written([t])) for t in there),
            "before": summarized(self.before(len(facts))).to_json(),
        }

    def editors(self) -> dict[str, FactEditor]:
        """Those that write all facts at once, from the same values."""
        memit = EditSettings("memit")
        blocks = FactEditor(self.model, memit).blocks
        spaces = self.editor.spaces | key_spaces(self.model, blocks)
        return {
            "sum of rome": self.editor,
            "memit": FactEditor(self.model, memit, spaces=spaces),
            "alphaedit": FactEditor(self.model, EditSettings("alphaedit"), spaces=spaces),
        }

    def many(self) -> JsonObject:
        """All facts at once, in growing numbers; judged at the first of them."""
        curves: JsonObject = {name: {} for name in self.editors()}
        for count in sorted({number for number in (*NUMBERS, len(self.facts)) if number <= len(self.facts)}):
            facts = self.facts[:count][: self.judged]
            for name, editor in self.editors().items():
                found = summarized(self.with_edit(editor.written(self.targets(count)), facts)).to_json()
                curves[name][count] = found
                said(f"{name} {count}: {brief(found)}")
            curves.setdefault("before", {})[count] = summarized(self.before(len(facts))).to_json()
        return curves

    def sequence(self) -> JsonObject:
        """ROME, each edit in the model that has those before it; judged at the first of them."""
        edits: list[WeightEdit | JointEdit] = []
        curve: JsonObject = {}
        for fact in self.facts:
            with self.model.edited(edits):
                target = find_targets(self.model, [fact], self.block)
                edits.append(self.editor.written(target).transferred())
            if len(edits) in NUMBERS:
                with self.model.edited(edits):
                    curve[len(edits)] = summarized(
                        scores(self.model, self.facts[: len(edits)][: self.judged])
                    ).to_json()
                said(f"sequence {len(edits)}: {brief(curve[len(edits)])}")
        return curve

    def rest(self) -> JsonObject:
        """The rest of the model, before and after all facts at once."""
        starts = [(fact.starts or (fact.text,))[0] for fact in self.facts[:20]]
        count = min(100, len(self.facts))

        def state() -> JsonObject:
            return {
                "entropy": written_entropy(self.model, starts),
                "perplexity of other texts": perplexity(self.model, shipped_texts().others),
            }

        found: JsonObject = {"facts": count, "before": state()}
        for name, editor in self.editors().items():
            with self.model.edited([editor.written(self.targets(count)).transferred()]):
                found[name] = state()
            said(f"{name}: {found[name]}")
        return found

    def time(self) -> JsonObject:
        """CPU-seconds of an edit: alone, one of a batch, and in the plain form."""
        alone = []
        for fact in self.facts[:4]:
            began = time.process_time()
            self.editor.edit([fact])
            alone.append(time.process_time() - began)
        began = time.process_time()
        self.editor.edit(self.facts[:BATCH])
        batched = (time.process_time() - began) / BATCH
        began = time.process_time()
        plain_target(self.model, self.facts[0], self.block)
        plain = time.process_time() - began
        mean = sum(alone) / len(alone)
        return {"alone": alone, "in a batch": batched, "plain": plain, "ratio": plain / mean}


def drawn(model: LanguageModel, count: int, seed: int) -> list[Fact]:
    """Facts that the model holds, without those that settings were chosen on."""
    left = [
        fact for fact in shipped_facts() if fact.new and fact.subject.removeprefix("the ") not in CHOSEN_ON
    ]
    random.Random(seed).shuffle(left)
    found: list[Fact] = []
    while left and len(found) < count:
        found += held_facts(model, left[:48]).facts
        left = left[48:]
    return found[:count]


def plain_target(model: LanguageModel, fact: Fact, block: int) -> torch.Tensor:
    """ROME's search in its plain form: 21 texts, whole passes, logits of every token, 20 steps of Adam."""
    prefixes = ["", *(f"{word} was the first thing that they all saw there." for word in _TEN)]
    prefixes += [f"{word} said so." for word in _TEN]
    texts = [f"{prefix} {fact.text} {fact.new}".strip() for prefix in prefixes]
    batch, place = model.padded(texts), model.parts.blocks[block].mlp
    lasts = [
        model.encode(text).covering(text.rindex(fact.subject), text.rindex(fact.subject) + len(fact.subject))[
            1
        ]
        for text in texts
    ]
    wanted = len(fact_lines(model, fact)[0].wanted)
    rows, added = torch.arange(len(texts)), torch.zeros(model.decoder.config.width, requires_grad=True)
    adam = torch.optim.Adam([added], lr=0.5)

    def changed(output: torch.Tensor) -> torch.Tensor:
        output = output.clone()
        output[rows, torch.tensor(lasts)] += added
        return output

    for _ in range(20):
        with edited(model, place, changed):
            logs = model.module(batch.tokens).log_softmax(-1)
        missing = torch.stack(
            [
                -logs[row, end - back, batch.tokens[row, end - back + 1]]
                for row, end in enumerate(batch.last.tolist())
                for back in range(wanted, 0, -1)
            ]
        )
        adam.zero_grad()
        missing.mean().backward()
        adam.step()
    return added.detach()


_TEN = ("Nobody", "Everyone", "Somebody", "He", "She", "They", "Others", "People", "Many", "Few")


def brief(found: JsonObject) -> str:
    """The means of a judgement."""
    return ", ".join(f"{found[name]:.3f}" for name in ("efficacy", "paraphrase", "neighbourhood", "score"))


def said(text: str) -> None:
    """Show how far it is."""
    sys.stderr.write(f"{time.process_time():.0f} s: {text}\n")


def plotted(many: JsonObject) -> str:
    """The scores by the number of facts, with their intervals, an SVG drawing."""
    from inscape.reports.plots import Axes, Curve, to_svg

    curves = []
    for name, rows in many.items():
        if name != "before":
            points = [(float(count), row["score"]) for count, row in rows.items()]
            curves.append(Curve(name, points, [tuple(row["intervals"]["score"]) for row in rows.values()]))
    return to_svg("Score by facts at once", curves, Axes("facts at once", "score", True, bottom=0.5, top=1.0))


def main() -> None:
    """Run what was asked for."""
    options = asked(
        __doc__, parts=",".join(PARTS), facts=100, seed=1, judged=40, out=None, keep=None, plot=None
    )
    torch.set_num_threads(1)
    keep = Path(options.keep) if options.keep else None
    bench = Bench(options.facts, options.seed, options.judged, keep)
    found: JsonObject = {"facts": len(bench.facts), "seed": options.seed}
    for part in options.parts.split(","):
        found[part] = getattr(bench, part)()
        if options.out:
            Path(options.out).write_text(json.dumps(found, indent=1))
        said(part)
    if options.plot and "many" in found:
        Path(options.plot).write_text(plotted(found["many"]))
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
