"""How much "hot" says about "labelled"."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray

from inscape.types import Array

_LEAST_NATS = 1e-12


def information_quality_ratio(
    both: Array, hot: Array, labelled: Array, pixels: int
) -> Float[np.ndarray, "..."]:
    """Mutual information over joint entropy of two yes-or-no properties of a pixel, in [0, 1].

    As in GAN Dissection (ICLR 2019). Only positive association counts: 0 where pixels are hot no more often
    on the labelled ones than off them. Mutual information below 1e-12 nats counts as none.

    Args:
        both: Pixels with both properties.
        hot: Pixels with the first one; broadcasts against `both`, and so does the next.
        labelled: Pixels with the second one.
        pixels: All pixels.
    """
    return np.where(
        both / pixels > hot / pixels * (labelled / pixels), dependence(both, hot, labelled, pixels), 0
    )


def dependence(both: Array, hot: Array, labelled: Array, pixels: int) -> Float[np.ndarray, "..."]:
    """The same ratio whichever the sign of the association."""
    both, hot, labelled = both / pixels, hot / pixels, labelled / pixels
    only_hot, only_labelled = hot - both, labelled - both
    joint = _plog(both) + _plog(only_hot) + _plog(only_labelled) + _plog(1 - hot - only_labelled)
    alone = _plog(hot) + _plog(1 - hot) + _plog(labelled) + _plog(1 - labelled)
    mutual = joint - alone
    return np.where(mutual > _LEAST_NATS, mutual / np.maximum(-joint, _LEAST_NATS), 0.0)


def _plog(share: Array) -> NDArray[np.float64]:
    """`p log p`, 0 at 0."""
    p: NDArray[np.float64] = np.maximum(share, 1e-300)
    p *= torch.log(torch.from_numpy(p)).numpy()  # several times as fast as numpy's
    return p
