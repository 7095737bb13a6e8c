"""Generators as NVIDIA's constructors make them, one option changed at a time, and what their code draws.

`options.npz` holds for each the picture, and under `trees`, as JSON, its modules with their attributes, the
shapes of their tensors, and the filters themselves. It was made once, on a CPU, by building each generator
with NVIDIA's own code, filling it as `value_of` says, and drawing one latent with constant noise in float32.
"""

from __future__ import annotations

import json
import zlib
from collections import OrderedDict
from functools import cache
from pathlib import Path

import numpy as np
import torch

from models.foreign import Persistent

FILE = Path(__file__).with_name("options.npz")
TRUNCATION = 0.7


def value_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor other than a filter, by its name and shape: about as large as in a trained network."""
    values = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if name.startswith("mapping.fc"):
        return values * (100 if name.endswith("weight") else 10)
    if name.endswith("magnitude_ema"):
        return 1 + np.abs(values)
    if name.endswith(("noise_strength", "affine.weight", "freqs")):
        return values * 0.5
    return values * 0.2 + 1 if name.endswith("affine.bias") else values


def latent_of(z_dim: int, c_dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The latent that is drawn, and its class as the last of `c_dim`."""
    z = np.random.RandomState(1).standard_normal((1, z_dim)).astype(np.float32)
    return torch.from_numpy(z), torch.eye(c_dim)[-1:] if c_dim else torch.zeros(1, 0)


def built(tree: dict, prefix: str = "") -> Persistent:
    """The record of a module that a tree describes."""
    state = {name: _value(value) for name, value in tree["attributes"].items()}
    for group in ("parameters", "buffers"):
        tensors = ((name, _tensor(f"{prefix}{name}", value)) for name, value in tree[group].items())
        state[f"_{group}"] = OrderedDict(tensors)
    state["_modules"] = OrderedDict(
        (name, inner and built(inner, f"{prefix}{name}.")) for name, inner in tree["modules"].items()
    )
    names = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": tree["class"]}
    return Persistent({**names, "state": state})


def _value(value: object) -> object:
    return np.array(value["array"]) if isinstance(value, dict) else value


def _tensor(name: str, value: dict | list[int] | None) -> torch.Tensor | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return torch.tensor(value["array"], dtype=torch.float32)
    return torch.from_numpy(np.asarray(value_of(name, tuple(value))))


@cache
def generators() -> dict[str, tuple[Persistent, torch.Tensor]]:
    """By option: the record of the generator, and the picture that NVIDIA's code draws of it."""
    with np.load(FILE) as held:
        trees = json.loads(held["trees"].tobytes())
        return {name: (built(tree), torch.from_numpy(held[name])) for name, tree in trees.items()}
