"""What training gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainResult:
    """How far training is.

    Attributes:
        step: Steps done, over all runs in the folder.
        images: Pictures seen, over all runs.
        files: What was written.
    """

    step: int
    images: int
    files: tuple[Path, ...]
