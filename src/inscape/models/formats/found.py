"""What every format gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inscape.models.architectures.stylegan2 import StyleGAN2


@dataclass(frozen=True)
class Found:
    """What a format read.

    Attributes:
        network: Filled, in evaluation mode.
        source: Where such files come from, for the card.
    """

    network: StyleGAN2
    source: str
