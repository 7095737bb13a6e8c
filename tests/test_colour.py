from __future__ import annotations

import pytest
import torch

from inscape.colour import colour_difference, to_lab


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 128, 0), (46.23, -51.70, 49.90)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_colours_are_those_of_the_tables(rgb, lab):
    picture = torch.tensor(rgb).float()[None, :, None, None] / 127.5 - 1
    found = to_lab(picture)[0, :, 0, 0]
    assert found.tolist() == pytest.approx(lab, abs=0.15)


def test_the_difference_is_the_distance_in_lab():
    one, other = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    other[:, 0], other[:, 1] = 3, 4
    assert torch.equal(colour_difference(one, other), torch.full((1, 2, 2), 5.0))
