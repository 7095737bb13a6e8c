"""What tells the weights of one network from those of another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from torch import nn


def weights_hash(module: nn.Module) -> str:
    """SHA-256 over the names, kinds, shapes and bytes of all weights, in hexadecimal.

    Computed once per network and remembered for as long as it lives.
    """
    import torch

    if module not in _HASHES:
        digest = hashlib.sha256()
        for name, tensor in sorted(module.state_dict().items()):
            plain = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {plain.dtype} {list(plain.shape)};".encode())
            digest.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
        _HASHES[module] = digest.hexdigest()
    return _HASHES[module]


_HASHES: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()
