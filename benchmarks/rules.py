"""What rules reach and leak in the shipped generator, beside four other ways; one JSON document.

    python benchmarks/rules.py [--images 2000] [--tasks spire-to-tree,dome-to-spire] [--layer L|advice]

The tasks are the files of `benchmarks/rewriting/`. For each: the rule, the same layer without a rule (the
authors' Adam on all of its weights), fine-tuning of all weights of the generator, and the context's loudest
30 and 60 units switched off in that layer. The judge is the shipped segmenter, which has learned scenes with
the rules of the world on and off. Reach, leak and their harmonic mean are those of `inscape.audits.Audit`.
The advice chooses on other pictures than those that judge.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from _options import asked

import inscape
from inscape.audits import Audit, Change, Proposal, Trial, advise, rewritable_layers
from inscape.audits.reach_leak import FIRST_SEED
from inscape.editing import UnitEdit
from inscape.errors import InscapeError
from inscape.models import Generator
from inscape.progress import TerminalProgress
from inscape.rewriting import Paste, PreparedTask, Rewriter, Task, prepare_task
from inscape.rewriting.fine_tuning import fine_tune
from inscape.rewriting.goals import loudest_units
from inscape.segmenters import Segmenter, fitting_segmenter
from inscape.types import JsonObject

TASKS = Path(__file__).parent / "rewriting"


class Bench:
    """One run.

    Args:
        options: What was asked for on the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        model = inscape.open(options.model)
        assert isinstance(model, Generator)
        self.model, self.options, self.progress = model, options, TerminalProgress()
        self.judge: Segmenter = fitting_segmenter(model)
        advising = 4 * options.advice_images
        self.few = Audit(model, self.judge, images=advising, progress=self.progress)
        self.audit = Audit(
            model, self.judge, images=options.images, seed=FIRST_SEED + advising, progress=self.progress
        )

    def run(self, path: Path) -> JsonObject:
        """One task, all ways."""
        task = Task.load(path)
        assert task.judged is not None
        prepared = prepare_task(task, self.model, self.judge)
        found: JsonObject = {"name": task.name}
        layer = self.options.layer or task.layer
        if layer == "advice":
            layers = rewritable_layers(self.model)
            ranks = [task.settings["rank"]] if "rank" in task.settings else self.options.ranks
            proposal = Proposal(prepared.maker(self.model), *task.judged)
            few = self.few.sample(proposal.context, self.options.advice_images)
            trials = advise(proposal, few, layers, ranks)
            found["layers"] = [trial.to_json() for trial in trials]
            layer, rank = trials[0].layer, trials[0].rank
            if self.options.all_layers:
                found["advice"] = self.advice(trials, task.judged)
        else:
            rank = prepared.settings.rank
        rewriter = Rewriter(self.model, layer)
        rewriter.prepare(self.progress)
        prepared = prepared.fitted(rewriter)
        began = time.perf_counter()
        edit = prepared.make(rewriter, rank=rank)
        found |= {"layer": edit.layer, "rank": rank, "seconds": time.perf_counter() - began}
        found |= {name: edit.made[name] for name in ("loss_before", "loss", "change")}
        judged = task.judged
        found["rule"] = _row(self.audit.measure([edit], *judged, progress=self.progress))
        if not self.options.only_rule:
            found |= self.others(prepared, rewriter, judged)
        return found

    def advice(self, trials: list[Trial], judged: tuple[str, tuple[str, ...] | None]) -> JsonObject:
        """The rule of every layer on all pictures: how far the advised one is behind the best, in points."""
        rows = [
            (trial, self.audit.measure([trial.edit], *judged, progress=self.progress)) for trial in trials
        ]
        best = max(rows, key=lambda row: row[1].harmonic)
        return {
            "bar": 5.0,
            "advised": trials[0].layer,
            "best": best[0].layer,
            "points_behind": 100 * (best[1].harmonic - rows[0][1].harmonic),
            "layers": {f"{trial.layer} rank {trial.rank}": change.harmonic for trial, change in rows},
        }

    def others(
        self, prepared: PreparedTask, rewriter: Rewriter, judged: tuple[str, tuple[str, ...] | None]
    ) -> JsonObject:
        """The other ways."""
        rows: JsonObject = {}
        edit = prepared.make(rewriter, solver="layer", steps=self.options.steps)
        rows["layer without a rule"] = _row(self.audit.measure([edit], *judged))
        pastes = [each for each in prepared.paste if isinstance(each, Paste)]
        if pastes and not self.options.no_tuning:
            goals = [rewriter.goal(each, prepared.context, prepared.settings) for each in pastes]
            tuned = fine_tune(rewriter, pastes, goals, progress=self.progress)
            rows["fine-tuning"] = _row(self.audit.measure(tuned.images, *judged))
        for count in (30, 60):
            units = self.loudest(prepared, rewriter, count)
            off = UnitEdit(rewriter.memory.layer.name, tuple(units), mode="remove")
            rows[f"{count} units off"] = _row(self.audit.measure([off], *judged))
        return rows

    def loudest(self, prepared: PreparedTask, rewriter: Rewriter, count: int) -> list[int]:
        """The units of the layer's output that are loudest in the context."""
        import torch

        values, weights = [], []
        everywhere = torch.cat([rewriter.reading(seed).values[0].flatten(1).t() for seed in range(200, 300)])
        for which, region in prepared.context:
            found = rewriter.reading(which).values[0]
            mask = region.mask(*found.shape[1:], image_size=self.model.image_size).float()
            values.append(found.flatten(1).t())
            weights.append(mask.flatten())
        moment = (everywhere.t() @ everywhere / len(everywhere)).double()
        return loudest_units(torch.cat(values), torch.cat(weights), moment, min(count, len(moment)))


def _row(change: Change) -> JsonObject:
    return change.to_json()


def main() -> None:
    """Run what was asked for."""
    options = asked(
        __doc__,
        model="town",
        images=2000,
        advice_images=128,
        ranks=dict(type=lambda text: [int(part) for part in text.split(",")], default=[1, 10, 30]),
        steps=201,
        layer=None,
        all_layers=dict(action="store_true", help="with --layer advice: measure every layer on all pictures"),
        tasks=None,
        only_rule=dict(action="store_true"),
        no_tuning=dict(action="store_true", help="leave fine-tuning out: it takes longer than all the rest"),
    )
    bench = Bench(options)
    names = options.tasks.split(",") if options.tasks else sorted(path.stem for path in TASKS.glob("*.toml"))
    found: JsonObject = {}
    for name in names:
        try:
            found[name] = bench.run(TASKS / f"{name}.toml")
        except InscapeError as error:
            found[name] = {"error": str(error)}
        sys.stderr.write(f"{name}: {json.dumps(found[name].get('rule', found[name]))}\n")
    json.dump({"images": options.images, "tasks": found}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
