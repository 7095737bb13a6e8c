"""How close each stage of an inversion comes to the photo."""

from __future__ import annotations

from collections.abc import Sequence

from inscape.photos import STAGES, segmenter_distance
from inscape.pictures import to_tensor
from inscape.types import JsonObject
from photo_parts.figures import share, spread
from photo_parts.photo_sets import Subject
from photo_parts.work import Row, Start, Work

LEAST = {"scenes": 30.0, "churches": 26.0, "streets": 26.0}
"""Bars of the PSNR after adaptation, in dB; the issue names none for street frames."""
GAINED = 6.0
ORDERED = 0.95


def run(work: Work, subjects: Sequence[Subject]) -> JsonObject:
    """Invert every photo from the encoder's guess, and some of each set from the mean latent."""
    found: JsonObject = {"bars": {"least_db": LEAST, "adapted_minus_latent": GAINED, "ordered": ORDERED}}
    for group in dict.fromkeys(each.group for each in subjects):
        members = [each for each in subjects if each.group == group]
        found[group] = _summary(group, [_row(work, each, "encoder") for each in members])
        chosen = members[: work.options.average]
        if chosen:
            found[group]["from_average"] = _summary(group, [_row(work, each, "average") for each in chosen])
    return found


def _row(work: Work, subject: Subject, start: Start) -> Row:
    inverted = work.inverted(subject, start)
    row = work.rows.of(
        "reconstruction", f"{subject.key}/{start}", lambda: {"distance": _distances(work, subject, start)}
    )
    return {**inverted, "distance": row["distance"]}


def _distances(work: Work, subject: Subject, start: Start) -> dict[str, float]:
    """The segmenter's distance of each stage's picture from the photo."""
    inversion = work.inversion(subject, start)
    target = to_tensor(inversion.target[None].copy())
    return {
        stage: segmenter_distance(to_tensor(picture[None].copy()), target, work.reader).item()
        for stage, picture in inversion.pictures.items()
    }


def ordered(psnr: dict[str, float | None]) -> bool:
    """Whether encoder < w+ < features <= adapted, of the stages that ran."""
    found = [psnr[stage] for stage in STAGES]
    encoder, latent, features, adapted = found
    if latent is None or features is None or adapted is None:
        return False
    return (encoder is None or encoder < latent) and latent < features <= adapted


def _summary(group: str, rows: Sequence[Row]) -> JsonObject:
    gained = [_minus(row["psnr"]["adapted"], row["psnr"]["latent"]) for row in rows]
    good = [(row["psnr"]["adapted"] or 0.0) >= LEAST[group] for row in rows]
    enough = [each is not None and each >= GAINED for each in gained]
    return {
        "photos": len(rows),
        "psnr": {stage: spread([row["psnr"][stage] for row in rows]) for stage in STAGES},
        "distance": {stage: spread([row["distance"].get(stage) for row in rows]) for stage in STAGES},
        "seconds": {stage: spread([row["seconds"][stage] for row in rows]) for stage in STAGES},
        "wall": spread([row["wall"] for row in rows]),
        "cpu": spread([row["cpu"] for row in rows]),
        "adapted_minus_latent": spread(gained),
        "share_ordered": share([ordered(row["psnr"]) for row in rows]),
        "share_least_db": share(good),
        "share_gained": share(enough),
        "share_both": share([one and other for one, other in zip(good, enough, strict=True)]),
    }


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
