"""Weights of ours back under the names and in the order of a file.

Reading a file renames, cuts, turns and reorders its weights, and computes nothing. Run on the places of
numbers instead of the numbers, the same code says where each of ours came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import UnsupportedError

if TYPE_CHECKING:
    from torch import Tensor


def in_single(value: object) -> object:
    """A value of a configuration as a file with numbers in single precision has it."""
    if isinstance(value, list | tuple):
        return [in_single(each) for each in value]
    return float(np.float32(value)) if isinstance(value, float) else value


def sent_back(
    name: str,
    shape: Iterable[int],
    weights: Mapping[str, Tensor],
    read: Callable[[str, Tensor], Iterable[tuple[str, Tensor]]],
) -> Tensor:
    """A weight of a file, from the weights of ours that are read from it.

    Args:
        name: Of the weight in the file.
        shape: Its shape there.
        weights: Ours by name.
        read: Gives, for a weight of the file, ours that it holds.

    Raises:
        UnsupportedError: We have no such weight, or one of another size.
    """
    import torch

    places = torch.empty(*shape, dtype=torch.int64)
    places.view(-1).copy_(torch.arange(places.numel()))
    made = torch.empty(places.shape, dtype=torch.float32)
    for ours, where in read(name, places):
        if ours not in weights or weights[ours].shape != where.shape:
            raise UnsupportedError(f"The template has {name!r} as {list(places.shape)}, which does not fit.")
        made.view(-1)[where.reshape(-1)] = weights[ours].detach().float().cpu().reshape(-1)
    return made
