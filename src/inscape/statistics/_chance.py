"""The level that chance reaches, and how well it is known."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.types import Array

LEVEL = 0.99
"""The share of shuffles that stay below the chance level."""


def level_error(shuffled: Float[np.ndarray, "shuffle ..."], level: float = LEVEL) -> Float[np.ndarray, "..."]:
    """The standard error of a quantile of the shuffles, which comes of there being few of them.

    Maritz and Jarrett (1978): what the quantile varies by when as many shuffles are drawn again from these,
    in closed form.

    Args:
        shuffled: What each shuffle reached.
        level: The share that the quantile lies above.
    """
    from scipy.special import betainc

    count = len(shuffled)
    above, below = level * (count + 1), (1 - level) * (count + 1)
    weights = np.diff(betainc(above, below, np.arange(count + 1) / count)).astype(np.float32)
    values = np.sort(shuffled, axis=0)
    values = values - values[-1:]  # only differences count, and small ones keep their digits
    mean = np.tensordot(weights, values, 1)
    variance = np.tensordot(weights, values**2, 1) - mean**2
    error: Array = np.sqrt(np.maximum(variance, 0))
    return error
