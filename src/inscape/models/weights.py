"""Hashes of weights."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from torch import Tensor, nn

_HASHES: WeakKeyDictionary[nn.Module, dict[Hashable, str]] = WeakKeyDictionary()
_STATES_KEPT = 4
_FIRST = 64
_PLAIN = (bool, int, float, str, type(None))
_UNEDITED: WeakKeyDictionary[nn.Module, dict[int, Tensor]] = WeakKeyDictionary()
"""Of each network, the weights that edits have replaced for now, by the `id` of their parameter."""

_UNTOUCHED: WeakKeyDictionary[nn.Module, str | None] = WeakKeyDictionary()
"""Networks inside `untouched`, and their hash once it was asked for."""


def weights_hash(module: nn.Module) -> str:
    """The hash of a network's weights as they are now without the edits that are applied.

    It identifies the network that edits, recipes and inversions are made for. It is only computed again where
    the weights have changed.
    """
    if (known := _UNTOUCHED.get(module)) is not None:
        return known
    unedited = _UNEDITED.get(module, {})
    tensors = {
        name: unedited.get(id(tensor), tensor) for name, tensor in module.state_dict(keep_vars=True).items()
    }
    found = _hash_of(module, tensors)
    if module in _UNTOUCHED:
        _UNTOUCHED[module] = found
    return found


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Inside a `with` block that changes weights by edits alone, look for other changes once at most.

    A hundred edits are applied in one go. Each asks for `weights_hash`, which reads all weights.
    """
    outermost = module not in _UNTOUCHED
    _UNTOUCHED.setdefault(module, None)
    try:
        yield
    finally:
        if outermost:
            del _UNTOUCHED[module]


def current_weights_hash(module: nn.Module) -> str:
    """The hash of a network's weights as they are now, with the edits that are applied."""
    return _hash_of(module, module.state_dict())


@contextmanager
def replaced(module: nn.Module, parameter: nn.Parameter, values: Tensor) -> Iterator[None]:
    """Give a parameter other values inside a `with` block, as an edit does: `weights_hash` stays as it is."""
    before, unedited = parameter.data, _UNEDITED.setdefault(module, {})
    first = unedited.setdefault(id(parameter), before) is before
    parameter.data = values
    try:
        yield
    finally:
        parameter.data = before
        if first:
            del unedited[id(parameter)]


@contextmanager
def unedited(module: nn.Module) -> Iterator[None]:
    """Give a network the weights that it has without edits, inside a `with` block among edits."""
    held = _UNEDITED.pop(module, {})
    edited = [(each, each.data) for each in module.parameters() if id(each) in held]
    for parameter, _ in edited:
        parameter.data = held[id(parameter)]
    try:
        yield
    finally:
        for parameter, values in edited:
            parameter.data = values
        _UNEDITED[module] = held


def idle_tensors(module: nn.Module) -> Mapping[str, str]:
    """Tensors of a network that change no output, and under each the name of the one that it counts as.

    They are not what makes two networks different, and formats may leave them out.
    """
    found: Mapping[str, str] = getattr(module, "idle_tensors", {})
    return found


def bytes_of(tensor: Tensor) -> memoryview:
    """The bytes of a tensor in the order of its numbers."""
    import torch

    plain = tensor.detach().cpu().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().data


def _hash_of(module: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """The hash of these tensors of a network, computed once for each of its last states."""
    known = _HASHES.setdefault(module, {})
    state = _places(tensors), tuple(_sum(tensor) for tensor in tensors.values())  # `.data` is not counted
    if state not in known:
        while len(known) >= _STATES_KEPT:
            del known[next(iter(known))]
        known[state] = _digest(tensors, idle_tensors(module))
    return known[state]


def state_of(module: nn.Module) -> Hashable:
    """What changes within this process when a network computes something else: quick to ask at every frame.

    It takes in plain attributes and hooks. Torch does not count what is changed by way of `.data`: of that it
    sees the first bytes of each tensor.
    """
    parts = [
        (
            tuple((name, value) for name, value in vars(part).items() if isinstance(value, _PLAIN)),
            tuple(part._forward_hooks),
            tuple(part._forward_pre_hooks),
        )
        for part in module.modules()
    ]
    tensors = module.state_dict(keep_vars=True)
    return tuple(parts), _places(tensors), tuple(_first_bytes(tensor) for tensor in tensors.values())


def _places(tensors: Mapping[str, Tensor]) -> Hashable:
    """Where tensors are, and how often torch has changed them."""
    return tuple(
        (name, each.data_ptr(), each.dtype, each.shape, 0 if each.is_inference() else each._version)
        for name, each in tensors.items()
    )


def _first_bytes(tensor: Tensor) -> bytes:
    return ctypes.string_at(tensor.data_ptr(), min(_FIRST, tensor.nbytes)) if tensor.is_cpu else b""


def _sum(tensor: Tensor) -> int:
    """The sum of the bits of a tensor, which changes with any of its numbers."""
    import torch

    bits = tensor.detach().reshape(-1).view(torch.uint8)
    words = bits.view(torch.int64) if bits.numel() % 8 == 0 else bits
    return int(words.numpy().sum(dtype="int64") if words.is_cpu else words.sum(dtype=torch.int64))


def _digest(tensors: Mapping[str, Tensor], idle: Mapping[str, str]) -> str:
    """SHA-256 over the names, kinds, shapes and bytes of tensors, in hexadecimal.

    Idle ones count as those that they stand for. Stored files contain it, so this function must never change.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        plain = tensors[idle.get(name, name)]
        digest.update(f"{name} {plain.dtype} {list(plain.shape)};".encode())
        digest.update(bytes_of(plain))
    return digest.hexdigest()
