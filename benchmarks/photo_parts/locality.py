"""Whether the generator's other pictures stay what they were when it is changed for one photo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from inscape.models import Generator
from inscape.pictures import to_uint8
from inscape.types import JsonObject
from photo_parts.figures import share, spread
from photo_parts.photo_sets import Subject
from photo_parts.rivals import WAYS, fitted_at_features, rival
from photo_parts.trials import at_features, draw
from photo_parts.work import Pixels, Row, Work, gap

BAR = 1 / 20
FIRST_LATENT = 2_000_000
"""The adaptation looks at pictures of small seeds."""
BATCH = 50


class Locality:
    """Pictures of many latents, before anything was changed.

    Args:
        work: The run.
    """

    def __init__(self, work: Work) -> None:
        self._work = work

    def run(self, subjects: Sequence[Subject], rivals: Sequence[Subject]) -> JsonObject:
        """Ours on some photos, the other ways on some of them."""
        rows = {"ours": [self._row(each, "ours") for each in subjects]}
        rows |= {way: [self._row(each, way) for each in rivals] for way in WAYS}
        return {
            "bar": BAR,
            "latents": self._work.options.latents,
            **{k: _summary(v) for k, v in rows.items()},
        }

    def _row(self, subject: Subject, way: str) -> Row:
        def make() -> Row:
            generator, before, after = self._changed(subject, way)
            moved = self._moved(generator)
            own = float(gap(before, after).mean())
            return {"others": moved, "own": own, "ratio": moved / own}

        return self._work.rows.of("locality", f"{subject.key}/{way}", make)

    def _changed(self, subject: Subject, way: str) -> tuple[Generator, Pixels, Pixels]:
        """The changed generator, and the photo's picture before and after it was changed."""
        work = self._work
        if way == "ours":
            generator = work.inversion(subject).adapted(work.model)
            return generator, draw(work, subject, "plain", []), draw(work, subject, "adapted", [])
        generator, latent = rival(work, subject, way)
        if fitted_at_features(way):
            return (
                generator,
                at_features(work.model, work, subject, []),
                at_features(generator, work, subject, []),
            )
        before, after = (to_uint8(each.images(each.w_of(latent)))[0] for each in (work.model, generator))
        return generator, before, after

    @torch.inference_mode()
    def _moved(self, generator: Generator) -> float:
        """The mean change of the other pictures, in grey levels."""
        total = 0.0
        for w, before in zip(self._latents, self._pictures, strict=True):
            after = generator.images(w).clamp(-1, 1)
            total += float((after - before).abs().mean()) * len(w)
        return total / len(self._seeds) * 127.5

    @cached_property
    def _latents(self) -> list[Tensor]:
        starts = range(0, len(self._seeds), BATCH)
        return [self._work.model.w_of_seeds(self._seeds[start : start + BATCH]) for start in starts]

    @cached_property
    def _seeds(self) -> range:
        return range(FIRST_LATENT, FIRST_LATENT + int(self._work.options.latents))

    @cached_property
    def _pictures(self) -> list[Tensor]:
        with torch.inference_mode():
            return [self._work.model.images(w).clamp(-1, 1) for w in self._latents]


def _summary(rows: Sequence[Row]) -> JsonObject:
    return {
        **{name: spread([row[name] for row in rows]) for name in ("others", "own", "ratio")},
        "share_within_bar": share([row["ratio"] < BAR for row in rows]),
    }
