"""Whether edits survive the adaptation, and what they change beside what was painted."""

from __future__ import annotations

from collections.abc import Sequence

from inscape.types import JsonObject
from photo_parts.figures import ratio, share, spread
from photo_parts.photo_sets import Subject
from photo_parts.trials import CHEAP, DEAR, Trial, brushes_of, covered, draw, first, trials
from photo_parts.work import Row, Work, gap, large

BARS = {"adapted_to_plain": 0.8, "fitted_loses": 0.3, "gains_to_weights": 0.5}


def run(work: Work, subjects: Sequence[Subject], chosen: Sequence[Subject]) -> JsonObject:
    """Every way on every photo; the slow ones on some, with one edit each for what adapts afterwards.

    Two figures say what happens outside of the box: `leak`, by which the picture with the edit differs from
    the photo (most of it is how well the photo is drawn at all), and `spill`, by which it differs from the
    same generator's picture without the edit (what the edit itself moves).
    """
    rows: list[Row] = []
    for number, subject in enumerate(subjects):
        found = trials(work, subject)
        for way in (*CHEAP, *(DEAR[1:] if subject in chosen else ())):
            rows += [_row(work, trial, way) for trial in found]
        one = first(work, subject, number) if subject in chosen else None
        if one is not None:
            rows.append(_row(work, one, "after"))
    lists = {"chosen": work.options.concepts, "neutral": work.options.neutral}
    document: JsonObject = {"bars": BARS}
    for name, text in lists.items():
        brushes = set(brushes_of(work, text))
        document[name] = _grouped([row for row in rows if row["brush"] in brushes])
    return document


def _grouped(rows: Sequence[Row]) -> JsonObject:
    """All edits of some brushes, those of each set of photos, those of each concept."""

    def by(name: str) -> JsonObject:
        return {
            value: _summary([row for row in rows if row[name] == value])
            for value in dict.fromkeys(row[name] for row in rows)
        }

    return {"all": _summary(rows), **by("group"), "concepts": by("concept")}


def _row(work: Work, trial: Trial, way: str) -> Row:
    """The area that the concept covers in the box, and what changed outside of it, in grey levels."""

    def make() -> Row:
        picture, own = (draw(work, trial.subject, way, edits) for edits in ([trial.edit], []))
        target = work.inversion(trial.subject).target
        outside = trial.outside(len(target))
        maps = work.labels(picture, own)
        area, own_area = (covered(work, labels, trial.concept, trial.inside) for labels in maps)
        return {
            "area": area,
            "own_area": own_area,
            "leak": float(gap(picture, target)[outside].mean()),
            "spill": float(gap(picture, own)[outside].mean()),
            "box": trial.box,
        }

    row = work.rows.of("edit", f"{trial.key}/{way}", make)
    gains = {"gain": row["area"] - trial.before, "own_gain": row["area"] - row["own_area"]}
    return {
        **row,
        **gains,
        "before": trial.before,
        "photo": trial.subject.key,
        "group": trial.subject.group,
        "trial": trial.key,
        "brush": (trial.concept, trial.units),
        "concept": trial.concept,
        "way": way,
    }


def _summary(rows: Sequence[Row]) -> JsonObject:
    """Each way by itself, beside the plain generator and beside weights alone, on the same edits."""
    if not rows:
        return {}
    ways = {
        way: {row["trial"]: row for row in rows if row["way"] == way}
        for way in dict.fromkeys(row["way"] for row in rows)
    }
    return {way: _of_way(held, ways["plain"], ways["weights"]) for way, held in ways.items()}


def _of_way(held: dict[str, Row], plain: dict[str, Row], weights: dict[str, Row]) -> JsonObject:
    joined = [
        {
            **row,
            **{f"plain_{name}": plain[trial][name] for name in ("area", "gain", "own_gain")},
            **{f"weights_{name}": weights[trial][name] for name in ("leak", "spill")},
        }
        for trial, row in held.items()
    ]
    figures = ("before", "area", "gain", "own_area", "own_gain", "leak", "spill")
    against = {name: f"plain_{name}" for name in ("area", "gain", "own_gain")}
    against |= {name: f"weights_{name}" for name in ("leak", "spill")}
    return {
        "edits": len(joined),
        **{name: _mean(joined, name) for name in figures},
        **{f"{name}_to_{other.split('_')[0]}": ratio(joined, name, other) for name, other in against.items()},
    }


def _mean(rows: Sequence[Row], name: str) -> float | None:
    found = spread([row[name] for row in rows])
    return found["mean"] if found else None


def outside(work: Work, subjects: Sequence[Subject]) -> JsonObject:
    """Whether every byte outside the influence is the photo's own, at more pixels than the generator's."""
    rows = [
        _outside(work, trial) for each in subjects for trial in trials(work, each)[: work.options.composed]
    ]
    return {
        "composed": len(rows),
        "share_identical": share([row["changed"] == 0 for row in rows]),
        "pixels_changed_outside": sum(row["changed"] for row in rows),
        "influence": spread([row["influence"] for row in rows]),
        "share_changed_inside": spread([row["inside"] for row in rows]),
    }


def _outside(work: Work, trial: Trial) -> Row:
    """How many pixels of the composed photo changed beyond the influence, grown to the photo's size.

    One pixel of the generator's around the influence is allowed to change: its border is drawn softly.
    """
    import numpy as np
    from scipy.ndimage import binary_dilation, zoom

    from inscape.photos import PhotoSession

    def make() -> Row:
        subject, session = trial.subject, work.session(trial.subject)
        influence = session.influence([trial.edit])
        whole = PhotoSession(work.model, large(session.inversion, subject))
        composed = whole.compose(subject.large, [trial.edit])
        changed = (composed != subject.large.pixels).any(2)
        fit, reached = subject.large.fit, binary_dilation(influence.weights > 0, np.ones((3, 3), bool))
        height, width = round(fit.height), round(fit.width)
        allowed = np.zeros(changed.shape, bool)
        grown = zoom(
            reached, (height / len(reached), width / len(reached)), order=0, grid_mode=True, mode="nearest"
        )
        allowed[round(fit.y) : round(fit.y) + height, round(fit.x) : round(fit.x) + width] = grown
        return {
            "changed": int((changed & ~allowed).sum()),
            "inside": float(changed[allowed].mean()) if allowed.any() else 0.0,
            "influence": influence.area,
        }

    return work.rows.of("outside", trial.key, make)
