"""Random numbers of a training's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Layers that are built within draw their first weights from a seed; the global state is left alone.

    Args:
        seed: Any integer that PyTorch takes.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every device, for good
        yield
