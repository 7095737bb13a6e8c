"""Pickles of NVIDIA's stylegan2-ada-pytorch: a dictionary of networks, `G_ema` the generator to draw with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape.errors import FormatError, UnsupportedError
from inscape.models.formats._stylegan2 import stylegan2
from inscape.models.formats.found import Found
from inscape.storage import Record

_SOURCE = "A pickle of NVIDIA's StyleGAN2-ADA code."


def recognises(value: Any) -> bool:
    """Whether this is such a dictionary."""
    return isinstance(value, Mapping) and isinstance(value.get("G_ema"), Record)


def read(value: Mapping[str, Any]) -> Found:
    """Take the generator out.

    Raises:
        FormatError: Tensors are missing or do not fit.
        UnsupportedError: It is no StyleGAN2 with skip outputs.
    """
    record: Record = value["G_ema"]
    modules, tensors = record.modules(), record.tensors()
    if "synthesis.input" in modules:
        raise UnsupportedError("its generator is a StyleGAN3, which Inscape does not open yet.")
    blocks = [
        module for name, module in modules.items() if name.startswith("synthesis.b") and "." not in name[11:]
    ]
    kinds = {block.state.get("architecture", "skip") for block in blocks}
    if kinds - {"skip"}:
        raise UnsupportedError(
            f"its generator has the architecture {sorted(map(str, kinds))}; Inscape has 'skip'."
        )
    return Found(
        stylegan2(
            tensors,
            conv_clamp=_number(modules.get("synthesis.b4.conv1"), "conv_clamp"),
            lr_multiplier=_number(modules.get("mapping.fc0"), "bias_gain") or 0.01,
        ),
        _SOURCE,
    )


def _number(module: Record | None, name: str) -> float | None:
    value = None if module is None else module.state.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise FormatError(f"{name!r} of its generator is {value!r}, where a positive number was expected.")
    return float(value)
