"""How long one waits: for a first picture, for the adapted one, and for a stroke, beside Paint."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np
import torch

from inscape.painting import PaintSession
from inscape.types import JsonObject
from photo_parts.figures import share, spread
from photo_parts.photo_sets import Subject
from photo_parts.trials import trials
from photo_parts.work import Row, Work

FIRST_USABLE, ADAPTED = 3.0, 20.0
STROKES = 0.8, 1.2


def run(work: Work, subjects: Sequence[Subject], chosen: Sequence[Subject]) -> JsonObject:
    """The seconds of every inversion, and strokes on some photos and as many generated pictures."""
    inverted = [work.inverted(each) for each in subjects]
    usable = [_first_usable(row) for row in inverted]
    strokes = [_strokes(work, each, number) for number, each in enumerate(chosen)]
    photo, paint = (np.concatenate([row[name] for row in strokes]) for name in ("photo", "paint"))
    return {
        "bars": {"first_usable": FIRST_USABLE, "adapted": ADAPTED, "stroke_ratio": STROKES},
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "first_usable": spread(usable),
        "share_first_usable": share([each <= FIRST_USABLE for each in usable]),
        "adapted": spread([row["wall"] for row in inverted]),
        "share_adapted": share([row["wall"] <= ADAPTED for row in inverted]),
        "strokes": len(photo),
        "stroke_photo_ms": [float(each) for each in np.percentile(photo, (50, 95))],
        "stroke_paint_ms": [float(each) for each in np.percentile(paint, (50, 95))],
        "stroke_ratio": float(np.median(photo) / np.median(paint)),
    }


def _first_usable(row: Row) -> float:
    """When the latent was found: the last snapshot of its stage."""
    seconds: list[float] = [point[0] for point in row["curve"] if point[2] == "latent"]
    return max(seconds)


def _strokes(work: Work, subject: Subject, number: int) -> Row:
    """Milliseconds of strokes that pile up on a photo, and of the same on a generated picture, in turn."""

    def make() -> Row:
        photo, paint = work.session(subject), PaintSession(work.model)
        latents = {"photo": photo.latent, "paint": work.model.latent_of(number)}
        found = [trial.edit for trial in trials(work, subject)]
        edits = [found[turn % len(found)] for turn in range(work.options.strokes)]
        times: dict[str, list[float]] = {"photo": [], "paint": []}
        for _ in range(2):  # the first round warms up
            times = {"photo": [], "paint": []}
            for turn in range(len(edits)):
                order = (("photo", photo), ("paint", paint))
                for name, session in order if turn % 2 else order[::-1]:
                    began = time.perf_counter()
                    session.render(latents[name], edits[: turn % 10 + 1])
                    times[name].append((time.perf_counter() - began) * 1000)
        return times

    return work.rows.of("strokes", subject.key, make)
