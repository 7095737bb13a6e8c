"""How easily the seam of an edit is found, beside pasting and Poisson blending of the same region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from inscape.photos import Fit, Photo, PhotoSession, influence_of
from inscape.types import JsonObject
from photo_parts.patches import Pair, judged
from photo_parts.photo_sets import OTHER_SCENES, Subject, scene
from photo_parts.trials import Trial, draw, first, trials
from photo_parts.work import Pixels, Work

RING = 3.0
"""How far from the edge of a region patches are looked at, in pixels."""
LEAST_PIXELS = 12
Mask = NDArray[np.bool_]


def run(work: Work, subjects: Sequence[Subject], chosen: Sequence[Subject]) -> JsonObject:
    """AP of a classifier for each way, on scenes; where the slow way is known, on those photos alone too."""
    scenes = [each for each in subjects if each.group == "scenes"]
    if len(scenes) < 2:
        return {"skipped": "A classifier needs scenes to learn from and others to be judged on."}
    found: dict[str, list[Pair]] = {}
    for number, subject in enumerate(scenes):
        one = first(work, subject, number) if subject in chosen else None
        several = trials(work, subject)[number % 2 :: 2][: work.options.seam_edits]
        for trial in several:
            _add(found, _pairs(work, trial))
        if one is not None:
            few = {f"{name}, few photos": pair for name, pair in _pairs(work, one, after=True).items()}
            _add(found, few)
    return {
        "chance": 0.5,
        "bar": "the AP of ours is lower than that of paste and of Poisson blending",
        **{name: _judged(work, name, pairs) for name, pairs in found.items()},
    }


def _add(found: dict[str, list[Pair]], pairs: dict[str, Pair]) -> None:
    for name, pair in pairs.items():
        found.setdefault(name, []).append(pair)


def _judged(work: Work, name: str, pairs: Sequence[Pair]) -> JsonObject:
    options = work.options
    if len({pair.photo for pair in pairs}) < 2:
        return {"skipped": "fewer than 2 photos"}
    key = f"{name}/{len(pairs)}/{options.seam_steps}/{options.folds}"
    make = lambda: judged(pairs, folds=options.folds, steps=options.seam_steps)  # noqa: E731
    return work.rows.of("seam", key, make)


def _pairs(work: Work, trial: Trial, *, after: bool = False) -> dict[str, Pair]:
    """The composites of one edit beside the untouched photo; none where the edit changes too little."""
    session = work.session(trial.subject)
    target = session.inversion.target
    photo = Photo(target, Fit.crop(*target.shape[1::-1]))
    exact = replace(session.inversion, fit=photo.fit, photo_key=photo.key)
    ours = PhotoSession(work.model, exact)
    before, drawn = ours.render(ours.latent), ours.render(ours.latent, [trial.edit])
    painted = ours.painted([trial.edit])
    region = influence_of(before, drawn, painted=painted).weights >= 0.5
    if region.sum() < LEAST_PIXELS:
        return {}
    patch = draw(work, trial.subject, "plain", [trial.edit])
    made = {
        "ours": ours.compose(photo, [trial.edit]),
        "paste": np.where(region[..., None], patch, target),
        "poisson": poisson(target, patch, region),
    }
    name, ring = trial.subject.name, around(region)
    found = {way: Pair(name, picture, target, ring) for way, picture in made.items()}
    other = scene(OTHER_SCENES + int(name) % 1000, work.options.world)
    found["real"] = Pair(name, other.photo.seen(len(target)), target, ring)
    if after:
        adapted = draw(work, trial.subject, "after", [trial.edit])
        edge = around(influence_of(before, adapted, painted=painted).weights >= 0.5)
        found["after"] = Pair(name, ours.compose(photo, [trial.edit], after=adapted), target, edge)
    return found


def around(region: Mask) -> Mask:
    """The pixels near the edge of a region, inside and outside of it."""
    if region.all() or not region.any():
        return np.ones_like(region)
    inside, outside = distance_transform_edt(region), distance_transform_edt(~region)
    ring: Mask = np.maximum(inside, outside) <= RING
    return ring


def poisson(photo: Pixels, patch: Pixels, region: Mask) -> Pixels:
    """The patch laid into a region of a photo, its gradients kept, its edge the photo's.

    Poisson image editing (Pérez, Gangnet, Blake, SIGGRAPH 2003): for every pixel of the region the sum of the
    differences from its neighbours is that of the patch; neighbours outside of the region are the photo's.
    """
    number = np.full(region.shape, -1)
    number[region] = np.arange(region.sum())
    rows, columns = np.nonzero(region)
    size, known = len(rows), patch.astype(np.float64)
    right, count, links = np.zeros((size, 3)), np.zeros(size), []
    for down, along in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = rows + down, columns + along
        there = (y >= 0) & (y < region.shape[0]) & (x >= 0) & (x < region.shape[1])
        here, y, x = np.flatnonzero(there), y[there], x[there]
        count[here] += 1
        right[here] += known[rows[here], columns[here]] - known[y, x]
        free = region[y, x]
        links.append(np.stack([here[free], number[y[free], x[free]]]))
        np.add.at(right, here[~free], photo[y[~free], x[~free]].astype(np.float64))
    first_, second = np.concatenate(links, 1)
    values = np.concatenate([count, -np.ones(len(first_))])
    index = np.concatenate([np.arange(size), first_]), np.concatenate([np.arange(size), second])
    solved = spsolve(coo_matrix((values, index), (size, size)).tocsr(), right)
    result = photo.copy()
    result[region] = np.clip(np.round(solved), 0, 255).astype(np.uint8)
    return result
