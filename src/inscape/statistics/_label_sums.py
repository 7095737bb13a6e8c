"""How many pixels of each label are hot: a product of one-hot labels and masks, in bytes or in floats.

Processors with byte-product instructions multiply bytes several times as fast as floats. On others the same
function of torch is some 30 times slower. Whether there are such instructions does not tell which product is
faster with this build of torch, so both are timed once per process. The counts are exact and the same.
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
from scipy.sparse import csc_array

_PROBE = 16, 4096, 32
"""Labels, places and units of the product that is timed."""

_REPEATS = 3
_CHOOSING = Lock()

Product: TypeAlias = Callable[[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]], NDArray[np.int32]]


def label_sums(
    kinds: Int[np.ndarray, "kind"], labels: Int[np.ndarray, "place"], hot: Bool[np.ndarray, "place unit"]
) -> Int[np.ndarray, "kind unit"]:
    """The hot places of each unit that carry each label, by the product that is faster on this machine.

    Args:
        kinds: The labels that are counted.
        labels: The label of every place, below 256; at most 2^24 places.
        hot: Where each unit is hot.
    """
    with _CHOOSING:
        product = _fastest()
    return product(kinds.astype(np.uint8), labels.astype(np.uint8), hot)


def by_bytes(
    kinds: NDArray[np.uint8], labels: NDArray[np.uint8], hot: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """The product by the instructions for bytes, where the processor has them."""
    shown = torch.from_numpy((kinds[:, None] == labels).view(np.int8))
    counts: NDArray[np.int32] = torch._int_mm(shown, torch.from_numpy(hot.view(np.int8))).numpy()
    return counts


def by_floats(
    kinds: NDArray[np.uint8], labels: NDArray[np.uint8], hot: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """The product by floats; each place has one label, so that one-hot labels are a sparse matrix."""
    ones, starts = np.ones(len(labels), dtype=np.float32), np.arange(len(labels) + 1, dtype=np.int32)
    shown = csc_array((ones, labels.astype(np.int32), starts), shape=(256, len(labels)))
    counts: NDArray[np.float32] = shown @ hot.astype(np.float32)
    return counts[kinds].astype(np.int32)


@cache
def _fastest() -> Product:
    """The product that is faster on this machine."""
    return min((by_floats, by_bytes), key=_seconds) if hasattr(torch, "_int_mm") else by_floats


def _seconds(product: Product) -> float:
    """How long a small product takes, the least of several times."""
    kinds, places, units = _PROBE
    labels = np.arange(places, dtype=np.uint8) % kinds
    hot = np.ones((places, units), dtype=bool)
    spent = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        product(np.arange(kinds, dtype=np.uint8), labels, hot)
        spent.append(time.perf_counter() - began)
    return min(spent)
