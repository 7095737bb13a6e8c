"""What units of a shipped generator cause: the figures of the "effects" bars, as one JSON document.

    python benchmarks/effects.py [--model town] [--layer L] [--images 500] [--only causes,watermark]
    python benchmarks/effects.py --only causes --concepts tree,window --images 100

Everything is measured on seeds that no dissection has used, beside random sets of as many units. `causes`
compares three orders of the units of a concept: α of the optimised set, single effects, and overlap; a report
that holds no causes gets them first, 2 minutes a concept at most.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from _causes import curves
from _options import asked
from numpy.typing import NDArray

import inscape
from inscape.dissection import CauseOptions, DissectionReport, UnitSet, dissect, find_causes
from inscape.dissection.artifacts import artifact_units
from inscape.dissection.concept_search import search_units, top_precision
from inscape.dissection.effects import control_of, effect
from inscape.dissection.placement import placement
from inscape.dissection.rough_boxes import RoughPlace, pairs, rank_correlation, rough_boxes
from inscape.dissection.switches import maxima, switches
from inscape.dissection.variants import FRESH_SEED, Series, random_sets
from inscape.editing import UnitEdit
from inscape.errors import InscapeError, ValueRangeError
from inscape.models import Generator, folder_of
from inscape.progress import TerminalProgress
from inscape.segmenters import Segmenter, fitting_segmenter
from inscape.segmenters.areas import WATERMARK
from inscape.types import JsonObject

BUILDING = ("wall", "roof", "window", "door")


class Bench:
    """One run.

    Args:
        options: What was asked for on the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        model = inscape.open(options.model, device=options.device)
        assert isinstance(model, Generator)
        self.model, self.options = model, options
        self.reader: Segmenter = fitting_segmenter(model)
        self.progress = TerminalProgress()
        self.reports: dict[str, DissectionReport] = {}

    def report(self, layer: str | None = None) -> DissectionReport:
        """The shipped dissection of a layer, or a new one."""
        name = self.model.layer(layer).name
        if name not in self.reports:
            folders = [folder_of(self.options.model) / "report"]
            if self.options.reports:
                folders.insert(0, self.options.reports / name)
            for folder in folders:
                if (folder / "report.json").is_file():
                    shipped = DissectionReport.load(folder)
                    self.reports.setdefault(shipped.layer, shipped)
            if name not in self.reports:
                self.reports[name] = dissect(self.model, name, 1000, progress=self.progress)
        return self.reports[name]

    def removal(self, concept: str) -> JsonObject:
        """The 20 best units of a concept off everywhere."""
        units = self.report(self.options.layer).units(concept, top=20)
        found = effect(
            self.model, units, images=self.options.images, segmenter=self.reader, progress=self.progress
        )
        if self.options.out:
            found.save(self.options.out / f"effect-{concept}")
        keys = ("layer", "units", "relative_change", "interval", "curve", "appears", "borders", "elsewhere")
        document = found.to_json()
        return {**{key: document[key] for key in keys}, "control": found.control and _short(found.control)}

    def causes(self) -> JsonObject:
        """What the first 1 to 20 units remove: α's order beside those by single effects and by overlap."""
        report, concepts = self.report(self.options.layer), self.options.concepts.split(",")
        if report.causes is None or not {*concepts} <= {*report.causes.sets}:
            found = find_causes(
                self.model,
                report.layer,
                report.values.conditional_mean,
                CauseOptions(concepts=tuple(concepts)),
                segmenter=self.reader,
                progress=self.progress,
            )
            report = replace(report, causes=found)
        assert report.causes is not None
        known = [concept for concept in concepts if concept in report.causes.sets]
        series = Series.of(
            self.model,
            report.layer,
            self.options.images,
            {"controls": self.options.controls, "segmenter": self.reader, "progress": self.progress},
        )
        return {
            "layer": report.layer,
            "steps": dict(report.causes.steps),
            "removals": report.causes.to_json()["removals"],
            "too_few_pictures": [concept for concept in concepts if concept not in known],
            **curves(series, report, known),
        }

    def doors(self) -> JsonObject:
        """Door units in a rough box on a wall and in the sky, the map of places, and heights."""
        size = self.model.image_size
        units = self.report(self.options.layer).units("door", top=20)
        options = {"value": self.options.value, "segmenter": self.reader}
        box = (round(size / 8), round(size * 12 / 64))
        result: JsonObject = {"layer": units.layer, "value": self.options.value, "box": box}
        sets = random_sets(self.model.layer(units.layer).units, units.units, 20, 0)
        for place, least in (("wall", 0.8), ("sky", 1.0)):
            found = rough_boxes(
                self.model,
                units,
                RoughPlace(place, box, least, BUILDING),
                images=self.options.images,
                **options,
            )
            if not found:
                raise ValueRangeError(f"No picture has a place on {place} for a box of {box}.")
            after = np.array([one.after for one in found])
            result[place] = {
                "pictures": len(found),
                "mean": float(after.mean()),
                "at_least_30_percent": float((after >= 0.3).mean()),
                "at_least_5_percent": float((after >= 0.05).mean()),
                "control": self._random_boxes(units, sets, place, (box, least)),
            }
        found = rough_boxes(
            self.model,
            units,
            RoughPlace("wall", (box[0], round(size / 4)), 0.6, BUILDING),
            images=self.options.images,
            **options,
        )
        heights = list(pairs(found))
        correlation, shuffled = rank_correlation([one for one, _ in heights], [other for _, other in heights])
        result["height"] = {
            "pictures": len(heights),
            "rank_correlation": correlation,
            "shuffled_97_5": shuffled,
        }
        found_map = placement(
            self.model, units, images=max(20, self.options.images // 5), progress=self.progress, **options
        )
        sky = found_map.gain("sky")
        result["map"] = {
            "by_label": {name: row for name, row in found_map.by_label.items() if row["places"] >= 20},
            "wall_to_sky": found_map.gain("wall") / sky if sky > 0 else None,
        }
        return result

    def _random_boxes(
        self, units: UnitSet, sets: list[list[int]], place: str, shape: tuple[tuple[int, int], float]
    ) -> JsonObject:
        """As many random units in the same kind of box: share of pictures with a door in 30 % of it."""
        report, shares = self.report(self.options.layer), []
        for picked in sets:
            chosen = report.unit_set(picked)
            named = UnitSet(
                units.model, units.layer, chosen.units, "door", chosen.conditional_mean, chosen.quantile
            )
            found = rough_boxes(
                self.model,
                named,
                RoughPlace(place, *shape),
                images=max(10, self.options.images // 20),
                value=self.options.value,
                segmenter=self.reader,
            )
            shares.append(float(np.mean([one.after >= 0.3 for one in found] or [False])))
        return _short(control_of(shares))

    def watermark(self) -> JsonObject:
        """Units found from what a person can say of a watermark in pixels; labels judge them afterwards.

        What happens when they are off is measured in the layer where the search itself is most sure.
        """
        best: JsonObject = {}
        for layer in self.options.watermark_layers.split(","):
            search = search_units(
                self.model,
                looks_like_a_banner,
                layer=layer,
                images=4 * self.options.images,
                progress=self.progress,
            )
            units = [found.unit for found in search.units]
            fresh = FRESH_SEED + 1_000_000
            values = maxima(self.model, layer, images=2 * self.options.images, seed=fresh)
            truth = self._marked(layer, fresh, 2 * self.options.images)
            top = top_precision(values, truth, units[:10])
            judged = {one.unit: one.is_switch for one in switches(values)}
            best[layer] = {
                "predicate_says": search.positives / (search.positives + search.others),
                "really_marked": float(truth.mean()),
                "units": units[:40],
                "average_precision": [found.precision for found in search.units[:10]],
                "chance": search.chance,
                "precision_of_top_10": float(np.mean(list(top.values()))),
                "precision_by_unit": top,
                "switches_among_top_10": sum(judged[unit] for unit in units[:10]),
            }
        chosen = max(best, key=lambda layer: float(np.mean(best[layer]["average_precision"])))
        best[chosen]["off"] = {
            count: self._off(chosen, best[chosen]["units"][:count]) for count in (10, 20, 40)
        }
        return best

    def _marked(self, layer: str, seed: int, images: int) -> NDArray[np.bool_]:
        rows = []
        series = Series.of(self.model, layer, images, {"seed": seed})
        for batch in series.batches("Reading labels", at_once=64):
            labels = self.reader.segment(batch.draw())
            rows.append(
                np.any(
                    [_area(labels, self.reader, name) > least for name, least in WATERMARK.items()], axis=0
                )
            )
        return np.concatenate(rows)

    def _off(self, layer: str, units: list[int]) -> JsonObject:
        """What becomes of lettering, banner and everything else when units are off."""
        sets = [units, *random_sets(self.model.layer(layer).units, units, 20, 0)]
        before = dict.fromkeys(WATERMARK, 0.0)
        after = [dict.fromkeys(WATERMARK, 0.0) for _ in sets]
        moved, other = np.zeros(len(sets)), 0
        numbers = [self.reader.vocabulary.index(name) for name in WATERMARK]
        series = Series.of(self.model, layer, self.options.images, {"seed": FRESH_SEED + 2_000_000})
        for batch in series.batches("Switching units off", at_once=64):
            plain = self.reader.segment(batch.draw())
            outside = ~np.isin(plain[:, 0].cpu().numpy(), numbers)
            other += int(outside.sum())
            for name in WATERMARK:
                before[name] += float(_area(plain, self.reader, name).sum())
            for number, picked in enumerate(sets):
                labels = self.reader.segment(batch.edited(UnitEdit(layer, tuple(picked), mode="remove")))
                changed = (labels[:, 0] != plain[:, 0]).cpu().numpy() & outside
                moved[number] += changed.sum()
                for name in WATERMARK:
                    after[number][name] += float(_area(labels, self.reader, name).sum())
        rows: JsonObject = {}
        for name in WATERMARK:
            changes = [row[name] / before[name] - 1 if before[name] else None for row in after]
            rows[name] = {"relative_change": changes[0], "control": _short(control_of(changes[1:]))}
        control = control_of([float(share) for share in moved[1:] / other])
        return {**rows, "other_pixels_changed": float(moved[0] / other), "other_control": _short(control)}

    def artifacts(self) -> JsonObject:
        """The worst units by the distance of their top pictures, off."""
        found = artifact_units(
            self.model, images=4 * self.options.images, segmenter=self.reader, progress=self.progress
        )
        return {
            "units": list(found.off),
            "suspects": len(found.suspects),
            "before": found.before,
            "after": found.after,
            "control": _short(control_of([value / found.before - 1 for value in found.control])),
            "relative_change": found.after / found.before - 1,
            "found": found.found,
        }


def looks_like_a_banner(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """A strip along the lower border: its rows are alike, and there is a straight edge above them.

    Args:
        pictures: uint8 `[picture, height, width, 3]`.
    """
    height = pictures.shape[1]
    rows = pictures.astype(np.float64).mean(3)
    strip = rows[:, round(0.9 * height) :]
    above = rows[:, round(0.80 * height) : round(0.85 * height)]
    step = np.abs(np.median(strip, (1,)) - np.median(above, (1,)))
    paper = np.median(pictures[:, round(0.9 * height) :].reshape(len(pictures), -1, 3), 1)
    papers = np.array([[31, 31, 36], [242, 242, 242], [20, 66, 133]])
    near = np.abs(paper[:, None] - papers).max(2).min(1) < 24
    alike = np.median(np.abs(strip - np.median(strip, (1, 2), keepdims=True)), (1, 2)) < 12
    return np.asarray(near & alike & (np.median(step, 1) > 20))


def _area(labels: torch.Tensor, reader: Segmenter, name: str) -> NDArray[np.float64]:
    vocabulary = reader.vocabulary
    hit = labels[:, vocabulary.plane_of(name)] == vocabulary.index(name)
    return np.asarray(hit.double().mean((1, 2)).cpu().numpy())


def _short(control: JsonObject) -> JsonObject:
    return {key: value for key, value in control.items() if key != "each"}


def main() -> None:
    """Run what was asked for and print one JSON document."""
    options = asked(
        __doc__,
        model="town",
        layer=None,
        images=500,
        value=dict(default="quantile", help="what door units become: mean, quantile, a level"),
        watermark_layers="layer8a,layer8b,layer16a",
        only="trees,clouds,causes,doors,watermark,artifacts",
        concepts=dict(default="tree,cloud,path,window,roof,door", help="for causes: names, with commas"),
        controls=dict(default=20, help="for causes: random sets"),
        reports=dict(type=Path, help="folder of dissections by layer"),
        out=dict(type=Path, help="folder for the reports of the effects"),
        device="auto",
    )
    options.value = options.value if options.value in ("mean", "quantile") else float(options.value)
    bench = Bench(options)
    steps: dict[str, Callable[[], JsonObject]] = {
        "trees": lambda: bench.removal("tree"),
        "clouds": lambda: bench.removal("cloud"),
        "causes": bench.causes,
        "doors": bench.doors,
        "watermark": bench.watermark,
        "artifacts": bench.artifacts,
    }
    document: JsonObject = {"model": options.model, "images": options.images}
    for name in options.only.split(","):
        started = time.perf_counter()
        try:
            document[name] = steps[name]()
        except InscapeError as error:
            document[name] = {"not_measured": str(error)}
        document[name]["seconds"] = round(time.perf_counter() - started, 1)
    json.dump(document, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
