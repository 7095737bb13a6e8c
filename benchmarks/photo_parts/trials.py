"""Edits to try on every photo: a concept, its units, and a box chosen by chance, the same in every run."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

import inscape
from inscape.editing import UnitEdit
from inscape.models import Generator
from inscape.painting import Brush, PaintSession
from inscape.painting.brush import DEFAULT_UNITS
from inscape.photos import adapt_after
from photo_parts.photo_sets import Subject
from photo_parts.rivals import fitted_at_features, rival
from photo_parts.work import Pixels, Work

WIDTH, HEIGHT = 14, 18
GROWN = 2
MOST_THERE = 0.5
"""A box in which the concept covers more than this beforehand is no place to draw it."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One edit of one photo.

    Args:
        subject: The photo.
        concept: What is drawn.
        units: With how many units.
        box: x, y, width and height in pixels of the generator's picture.
        edit: It.
        before: Share of the box that the concept covers in the photo.
    """

    subject: Subject
    concept: str
    units: int
    box: tuple[int, int, int, int]
    edit: UnitEdit
    before: float

    @property
    def key(self) -> str:
        """Unique among all trials."""
        return f"{self.subject.key}/{self.concept}-{self.units}"

    @property
    def inside(self) -> tuple[slice, slice]:
        """The box as rows and columns."""
        x, y, width, height = self.box
        return slice(y, y + height), slice(x, x + width)

    def outside(self, size: int) -> NDArray[np.bool_]:
        """Where nothing was painted, `[size, size]`, a little away from the box."""
        painted = np.zeros((size, size), bool)
        painted[self.inside] = True
        return ~binary_dilation(painted, np.ones((3, 3), bool), GROWN)


def trials(work: Work, subject: Subject) -> list[Trial]:
    """The edits of a photo, one for each concept that finds a place."""
    target = work.inversion(subject).target
    labels = work.labels(target)[0]
    found = [_trial(work, subject, concept, units, labels) for concept, units in brushes(work)]
    return [each for each in found if each is not None]


def first(work: Work, subject: Subject, number: int) -> Trial | None:
    """One of the edits of a photo; photos take the concepts in turn."""
    found = trials(work, subject)
    return found[number % len(found)] if found else None


def brushes(work: Work) -> list[tuple[str, int]]:
    """All brushes, those that were chosen first."""
    chosen, neutral = (brushes_of(work, text) for text in (work.options.concepts, work.options.neutral))
    return list(dict.fromkeys([*chosen, *neutral]))


def brushes_of(work: Work, text: str) -> list[tuple[str, int]]:
    """The concepts of a list that have units, and how many units draw each."""
    named = [each.partition(":") for each in text.split(",") if each]
    return [(name, int(units or DEFAULT_UNITS)) for name, _, units in named if name in work.report.matches]


def covered(work: Work, labels: NDArray[np.uint8], concept: str, place: tuple[slice, slice]) -> float:
    """The share of a place that a concept covers, in label maps `[plane, height, width]`."""
    vocabulary = work.reader.vocabulary
    plane = labels[vocabulary.plane_of(concept)]
    return float((plane[place] == vocabulary.index(concept)).mean())


def _trial(work: Work, subject: Subject, concept: str, units: int, labels: NDArray[np.uint8]) -> Trial | None:
    size = labels.shape[-1]
    random = np.random.RandomState(zlib.crc32(f"{subject.key} {concept}".encode()))
    brush = Brush.from_report(work.report, concept, top=units)
    for _ in range(50):
        x, y = random.randint(0, size - WIDTH + 1), random.randint(0, size - HEIGHT + 1)
        place = slice(y, y + HEIGHT), slice(x, x + WIDTH)
        before = covered(work, labels, concept, place)
        if before <= MOST_THERE:
            edit = brush.draw(inscape.box(x, y, WIDTH, HEIGHT))
            return Trial(subject, concept, units, (x, y, WIDTH, HEIGHT), edit, before)
    return None


CHEAP = ("latent", "plain", "weights", "adapted")
"""The generator at the w+ latent, at the photo's features, with adapted weights, with weights and gains."""
DEAR = ("after", "fitted", "fitted at the latent", "pivotal")
"""Adapted after the edit; the rivals."""


def draw(work: Work, subject: Subject, way: str, edits: Sequence[UnitEdit]) -> Pixels:
    """The picture that a way makes of a photo with edits."""
    session = work.session(subject)
    if way == "adapted":
        return session.render(session.latent, edits)
    if way == "weights":
        return session.unadapted(edits)
    if way == "latent":
        return PaintSession(work.model).render(session.latent, edits)
    if way == "after":
        return _after(work, subject, edits)
    if way == "plain":
        return at_features(work.model, work, subject, edits)
    generator, latent = rival(work, subject, way)
    if fitted_at_features(way):
        return at_features(generator, work, subject, edits)
    return PaintSession(generator).render(latent, edits)


def at_features(generator: Generator, work: Work, subject: Subject, edits: Sequence[UnitEdit]) -> Pixels:
    """What a generator makes of the photo's own features with edits."""
    from inscape.pictures import to_uint8

    state = work.session(subject).inversion.state(generator)
    with torch.inference_mode():
        features = state.features
        for edit in edits:
            features = edit.transform(features, generator.image_size)
        picture: Pixels = to_uint8(generator.resume(replace(state, features=features)))[0]
    return picture


def _after(work: Work, subject: Subject, edits: Sequence[UnitEdit]) -> Pixels:
    """The picture that is adapted after the edits; without edits there is nothing to adapt to."""
    session = work.session(subject)
    if not edits:
        return session.render(session.latent)
    name = f"{subject.key} after {' '.join(edit.key for edit in edits)}"
    tensors = work.kept(
        name,
        lambda: {
            "picture": torch.from_numpy(
                adapt_after(session, edits, seconds=work.options.after_seconds).copy()
            )
        },
    )
    return np.asarray(tensors["picture"])
