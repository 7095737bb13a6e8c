"""The exact product of small whole numbers and masks, in bytes or in floats, whichever is faster.

Processors with byte-product instructions multiply bytes several times as fast as floats. On others the same
function of torch is some 30 times slower than the product of floats. Whether there are such instructions does
not tell which is faster with this build of torch, so both are timed once per process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Int
from numpy.typing import NDArray
from torch import Tensor

_PIECE = 1 << 13
"""Inner places that are made floats at a time: they stay in the cache, and their sums far below 2^24."""

_PROBE = (64, 2048, 256)
_REPEATS = 3
_CHOOSING = Lock()

Product: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def small_product(
    left: NDArray[np.bool_ | np.uint8], right: Bool[np.ndarray, "inner column"]
) -> Int[np.ndarray, "row column"]:
    """The product of whole numbers, at most 127, and masks, as exact int32; sums stay below 2^31."""
    if 0 in left.shape:
        return np.zeros((left.shape[0], right.shape[1]), dtype=np.int32)
    with _CHOOSING:
        product = _fastest()
    counts: NDArray[np.int32] = product(
        torch.from_numpy(left.view(np.int8)), torch.from_numpy(right.view(np.int8))
    ).numpy()
    return counts


def by_bytes(left: Tensor, right: Tensor) -> Tensor:
    """The product by the instructions for bytes, where the processor has them."""
    return torch._int_mm(left, right)


def by_floats(left: Tensor, right: Tensor) -> Tensor:
    """The product by floats, in pieces whose sums a float holds exactly."""
    total = torch.zeros(left.shape[0], right.shape[1], dtype=torch.int32)
    for one, other in zip(left.split(_PIECE, dim=1), right.split(_PIECE), strict=True):
        total += torch.matmul(one.float(), other.float()).to(torch.int32)
    return total


@cache
def _fastest() -> Product:
    """The product that is faster on this machine."""
    return min((by_floats, by_bytes), key=_seconds) if hasattr(torch, "_int_mm") else by_floats


def _seconds(product: Product) -> float:
    """How long a small product takes, the least of several times."""
    rows, inner, columns = _PROBE
    left = torch.ones(rows, inner, dtype=torch.int8)
    right = torch.ones(columns, inner, dtype=torch.int8).T
    spent = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        product(left, right)
        spent.append(time.perf_counter() - began)
    return min(spent)
