from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from inscape.dissection.artifacts import artifact_units
from inscape.errors import UnsupportedError, ValueRangeError
from planted_effects import ColourReader, planted_generator

SPOILERS = (20, 21)


class Spoilt(torch.nn.Module):
    """The planted units, two of which fire in some pictures and add a stain that no real picture has."""

    def __init__(self, units: torch.nn.Module) -> None:
        super().__init__()
        self.units = units

    def forward(self, w: Tensor) -> Tensor:
        features = self.units(w)
        for unit, column in zip(SPOILERS, (2, 3), strict=True):
            features[:, unit] = (w[:, column, None, None] > 1.0).float() * 3
        return features


def spoilt_generator(spoilt=True):
    model = planted_generator()
    if spoilt:
        synthesis = model.module.synthesis
        synthesis.units = Spoilt(synthesis.units)
        draw = synthesis._draw

        def stained(features: Tensor) -> Tensor:
            stain = (features[:, SPOILERS].amax((1, 2, 3)) > 0.5).float()
            return draw(features) * (1 - 0.7 * stain[:, None, None, None])

        synthesis._draw = stained
    return model


def real_pictures(count=200):
    model = planted_generator()
    return model.images(model.to_w(model.latents(range(9000, 9000 + count))))


def test_planted_spoilers_are_ranked_first_and_switching_them_off_helps():
    found = artifact_units(
        spoilt_generator(), top=2, images=400, real=real_pictures(), segmenter=ColourReader(), controls=20
    )
    assert set(found.off) == set(SPOILERS)
    assert set(SPOILERS) <= set(found.suspects)
    assert found.found and found.after < 0.2 * found.before
    assert len(found.control) == 20 and np.median(found.control) == pytest.approx(found.before, rel=0.2)


def test_a_generator_without_artifacts_is_said_to_have_none():
    found = artifact_units(
        spoilt_generator(False),
        top=2,
        images=400,
        real=real_pictures(),
        segmenter=ColourReader(),
        controls=20,
    )
    assert not found.found


def test_too_few_pictures_and_no_world_are_refused():
    with pytest.raises(ValueRangeError, match="at least 8"):
        artifact_units(planted_generator(), images=100, segmenter=ColourReader())
    with pytest.raises(ValueRangeError, match="at least 2 random sets, got 0"):
        artifact_units(planted_generator(), images=400, top=2, controls=0, segmenter=ColourReader())
    with pytest.raises(UnsupportedError, match="names no world"):
        artifact_units(planted_generator(), images=400, top=2, segmenter=ColourReader())
