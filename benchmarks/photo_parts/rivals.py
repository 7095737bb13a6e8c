"""Two other ways to a generator that draws one photo: fitted without any penalty, and tuned around a pivot.

The first is G_w of Semantic Photo Manipulation (Bau et al., SIGGRAPH 2019): every weight of the synthesis is
free, nothing holds it. It is fitted twice, at the photo's own features, as ours is, and at the latent alone,
as the paper's is.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from inscape.models import Generator
from inscape.photos import Inversion, InversionSettings
from inscape.photos._descent import Bounds, Clock, Pace, descend, psnr_of
from inscape.photos.invert import canvas_of
from inscape.pictures import Latent
from inscape.progress import SilentProgress
from inscape.types import JsonObject
from photo_parts.figures import share, spread
from photo_parts.photo_sets import Subject
from photo_parts.pivotal import pivotal_tuning
from photo_parts.work import Curve, Point, Row, Work

BARS = {"cpu_ratio": 1 / 3}
FITTED = ("fitted", "fitted at the latent")
WAYS = (*FITTED, "pivotal")


def run(work: Work, subjects: Sequence[Subject]) -> JsonObject:
    """PSNR over CPU-seconds of each way, and what ours takes to the PSNR of pivotal tuning."""
    rows = [_row(work, each) for each in subjects]
    return {
        "bars": BARS,
        "photos": len(rows),
        **{
            way: {name: spread([row[way][name] for row in rows]) for name in ("psnr", "cpu", "wall")}
            for way in ("ours", *WAYS)
        },
        "fitted_reaches_ours": {
            way: share([row[way]["psnr"] >= row["ours"]["psnr"] for row in rows]) for way in FITTED
        },
        "cpu_to_pivotal": {
            "pivotal": spread([row["pivotal_cpu"] for row in rows]),
            "ours": spread([row["ours_cpu"] for row in rows]),
            "ratio": spread([row["ratio"] for row in rows]),
            "share_reached": share([row["ratio"] is not None for row in rows]),
            "share_within_bar": share([(row["ratio"] or np.inf) <= BARS["cpu_ratio"] for row in rows]),
        },
        "curves": {row["photo"]: row["curves"] for row in rows},
    }


def rival(work: Work, subject: Subject, way: str) -> tuple[Generator, Latent]:
    """A generator that was changed for a photo, and the latent at which it draws it."""
    tensors = work.kept(f"{subject.key} {way}", lambda: _made(work, subject, way))
    module = copy.deepcopy(work.model.module)
    latent = Latent("w+", tensors.pop("latent").numpy().copy())
    module.get_submodule("synthesis").load_state_dict(
        {name: value.clone() for name, value in tensors.items()}
    )
    return Generator(module, work.model.card), latent


def fitted_at_features(way: str) -> bool:
    """Whether a way draws the photo from its own features, not from a latent alone."""
    return way == FITTED[0]


def _row(work: Work, subject: Subject) -> Row:
    """The figures of every way for one photo."""
    ours = work.inverted(subject)
    row: Row = {"photo": subject.key, "ours": {**ours, "psnr": ours["psnr"]["adapted"]}}
    for way in WAYS:
        rival(work, subject, way)
        row[way] = _figures(work, subject, way)
    goal = row["pivotal"]["psnr"] - 1e-6
    row["pivotal_cpu"] = _reached(row["pivotal"]["curve"], goal)
    row["ours_cpu"] = _reached(ours["curve"], goal)
    known = row["ours_cpu"] is not None and row["pivotal_cpu"]
    row["ratio"] = row["ours_cpu"] / row["pivotal_cpu"] if known else None
    row["curves"] = {
        way: [[point[1], point[3]] for point in _thinned(row[way]["curve"])] for way in ("ours", *WAYS)
    }
    return row


def _figures(work: Work, subject: Subject, way: str) -> Row:
    def lost() -> Row:
        raise SystemExit(f"The figures of {subject.key}, {way}, are missing; name another --out.")

    return work.rows.of("rival", f"{subject.key}/{way}", lost)


def _reached(curve: Sequence[Point], goal: float) -> float | None:
    """The first CPU-second with at least so many dB."""
    return next((point[1] for point in curve if point[3] >= goal), None)


def _thinned(curve: Sequence[Point], count: int = 40) -> list[Point]:
    if len(curve) <= count:
        return list(curve)
    return [curve[number] for number in np.linspace(0, len(curve) - 1, count).round().astype(int)]


def _made(work: Work, subject: Subject, way: str) -> dict[str, Tensor]:
    """Make it, and note its figures."""
    work.inverted(subject)
    made: dict[str, Tensor] = {}

    def make() -> Row:
        curve = Curve()
        if way == "pivotal":
            found = pivotal_tuning(work.model, subject.photo, watch=curve)
            generator, latent, psnr = found.generator, found.latent, found.psnr
        else:
            inversion = work.inversion(subject)
            generator, psnr = fitted(work, inversion, fitted_at_features(way), curve)
            latent = inversion.latent
        made.update(generator.module.get_submodule("synthesis").state_dict())
        made["latent"] = torch.from_numpy(latent.values.copy())
        curve.note(psnr)
        return {"psnr": psnr, "curve": curve.points}

    work.rows.of("rival", f"{subject.key}/{way}", make, again=True)
    return made


def fitted(work: Work, inversion: Inversion, at_features: bool, watch: Curve) -> tuple[Generator, float]:
    """The generator with every weight of its synthesis free, until it is as close as ours or steps end.

    Args:
        work: The run.
        inversion: Of the photo; it is fitted to its PSNR.
        at_features: Whether the layer's features are the inversion's, or what its latent gives.
        watch: Told about the best so far.

    Returns:
        The fitted copy, and the PSNR that it reaches.
    """
    canvas = canvas_of(work.model, inversion.target, inversion.layer, InversionSettings())
    generator = canvas.copied()
    synthesis = generator.module.get_submodule("synthesis")
    goal = inversion.psnr["adapted"] or np.inf
    w, features = generator.w_of(inversion.latent).clone(), inversion.features[None].clone()
    reached = [-np.inf]

    def draw() -> Tensor:
        state = generator.stopping.run_until(w, inversion.layer)
        images = generator.stopping.resume(replace(state, features=features) if at_features else state)
        reached[0] = psnr_of(images, canvas.target)
        return images

    with SilentProgress().task("Fitting", work.options.fitted_steps, "steps") as task:
        clock = Clock(3600, task, {"watch": watch, "stop": lambda: reached[0] >= goal})
        pace = Pace("adapted", work.options.fitted_steps, work.options.fitted_rate)
        weights, bounds = list(synthesis.parameters()), Bounds(clock, clock.seconds)
        psnr = descend(weights, draw, canvas.unlikeness, canvas.target, pace, bounds)
    return generator, psnr
