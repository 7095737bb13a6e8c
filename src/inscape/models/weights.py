"""Hashes of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from inscape.storage import content_key

if TYPE_CHECKING:
    from torch import nn


def weights_hash(module: nn.Module) -> str:
    """The hash of a network's weights when it was first asked for, kept while the network lives.

    It identifies the network that edits, recipes and inversions were made for, independent of the edits
    applied now.
    """
    if module not in _HASHES:
        _HASHES[module] = current_weights_hash(module)
    return _HASHES[module]


_HASHES: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()


def idle_tensors(module: nn.Module) -> Mapping[str, str]:
    """Tensors of a network that change no output, and under each the name of the one that it counts as.

    They are not what makes two networks different, and formats may leave them out.
    """
    found: Mapping[str, str] = getattr(module, "idle_tensors", {})
    return found


def fingerprint(module: nn.Module) -> str | None:
    """A key of a network's structure and weights; `None` while hooks change what it does."""
    if any(part._forward_hooks or part._forward_pre_hooks for part in module.modules()):
        return None
    return content_key(str(module), current_weights_hash(module))


def current_weights_hash(module: nn.Module) -> str:
    """SHA-256 over the names, kinds, shapes and bytes of all weights as they are now, in hexadecimal.

    Idle ones count as those that they stand for. Stored files contain it, so this function must never change.
    """
    import torch

    digest = hashlib.sha256()
    tensors, idle = module.state_dict(), idle_tensors(module)
    for name in sorted(tensors):
        plain = tensors[idle.get(name, name)].detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {list(plain.shape)};".encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
