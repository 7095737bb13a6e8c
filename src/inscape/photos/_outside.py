"""The part of a picture that was not painted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from scipy.ndimage import gaussian_filter, grey_dilation

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

_GROWN = 16 / 256
_BLURRED = 4 / 256


class Outside:
    """Compares pictures with a photo where nothing was painted.

    Args:
        target: The photo, `[1, 3, size, size]`, RGB in [-1, 1].
        painted: Where it was painted on, `[size, size]` in [0, 1].
    """

    def __init__(self, target: Float[Tensor, "1 3 size size"], painted: NDArray[np.float32]) -> None:
        size = painted.shape[0]
        grown = grey_dilation(painted, size=2 * max(1, round(_GROWN * size)) + 1)
        soft = gaussian_filter(grown, _BLURRED * size)
        self._target = target
        self.mask = (1 - torch.from_numpy(soft).clamp(0, 1)).to(target)
        self.drawn = target

    def covered(self, images: Tensor) -> Tensor:
        """The pictures with the photo laid over what was painted: what is compared; they are kept whole."""
        self.drawn = images.detach()
        return images * self.mask + self._target * (1 - self.mask)

    def difference(self, covered: Tensor) -> Tensor:
        """Mean absolute difference outside, of what `covered` gave."""
        gap = (covered - self._target).abs().mean(1)
        return gap.sum() / self.mask.sum().clamp_min(1)
