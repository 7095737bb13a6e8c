from __future__ import annotations

import subprocess
import sys

import torch
from torch import nn

from inscape.models.filling import filled

LINES = """
import sys, inscape, inscape.segmenters
inscape.open("town", device="cpu").sample(0)
inscape.segmenters.open("town-segmenter", device="cpu")
print([name for name in ("sympy", "torch._dynamo") if name in sys.modules])
"""


class Odd(nn.Module):
    """Makes its weights in every way that a shipped architecture does."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = nn.Parameter(torch.randn(2, 3, generator=torch.Generator()) / 4 * 2)
        self.phases = nn.Parameter(torch.rand(5) - 0.5)
        self.table = nn.Embedding(4, 2)
        self.register_buffer("turn", torch.eye(3))


def test_a_network_takes_exactly_the_tensors_that_it_is_given():
    tensors = {name: torch.full_like(each, 7) for name, each in Odd().state_dict().items()}
    found = filled(Odd, tensors).state_dict()
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


def test_opening_and_drawing_import_no_compiler():
    found = subprocess.run([sys.executable, "-c", LINES], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
