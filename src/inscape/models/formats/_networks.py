"""Find the networks in a file: in dictionaries that lie in dictionaries, under prefixes, in whole modules.

A network is handed to the formats as the tensors of its `state_dict`, under names without a prefix, or as the
record that NVIDIA's code wrote. What a training run keeps beside it, such as a discriminator, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models.formats.format import Checkpoint
from inscape.storage import Array, Items, Module, Placeholder, Record

_HOLDERS = (
    *("g_ema", "params_ema", "netg_ema", "net_g_ema", "generator_ema", "ema", "ema_model", "model_ema"),
    *("params", "g", "netg", "net_g", "generator", "gen", "modelg", "model_g", "decoder", "model", "net"),
    *("network", "state_dict", "state", "weights", "module", "_orig_mod"),
)
"""Names that people give a generator or what holds it, in lower case; the first that is there is opened."""
_BESIDE = re.compile(
    r"(net_?|model_?)?[dge](_?(ema|a|b|\d))?|n_averaged|fixed_\w+|ema\w*|gen\w*|\w*decoder|\w*enc(oder)?|"
    r"\w*(disc|critic|loss|lpips|percep|vgg|inception|fid|arcface|metric|augment|ada_|optim|sched)\w*"
)
"""Names of what a training run has beside a generator."""
_CLASSES = re.compile(r".*(embed|emb$|label|class|cond).*")
_AVERAGES = ("mean_latent", "latent_avg")
_DEEPEST = 3


@dataclass(frozen=True)
class Network:
    """A network in a file.

    Attributes:
        where: The names that lead to it: "state_dict.generator"; empty for the whole file.
        value: What the format read.
        format: Its name.
        leftover: What is beside it and may belong to it, as "'embed.weight'"; None where there is nothing.
    """

    where: str
    value: Any
    format: str
    leftover: str | None

    @property
    def rank(self) -> int:
        """How surely it is the one to open; 0 is best."""
        return min((_rank(name) for name in self.where.split(".")), default=len(_HOLDERS))


def network_in(value: object, recognise: Callable[[object], list[str]]) -> Network | None:
    """The network to open; None where there is none.

    Args:
        value: The content of a file.
        recognise: The names of the formats that know some value.

    Raises:
        FormatError: It is of several formats at once.
        UnsupportedError: It has several generators that are as good as one another, or something beside the
            generator that may belong to it.
    """
    found = list(_search(value, recognise, "", {}, None))
    if len({each.format for each in found}) > 1:
        raise FormatError("is of several formats at once, so its network cannot be recognised.")
    found.sort(key=lambda each: each.rank)
    if len(found) > 1 and found[0].rank == found[1].rank:
        names = ", ".join(repr(each.where) for each in found)
        raise UnsupportedError(
            f"holds several networks: {names}.", "Save the state dict of the one to open alone."
        )
    if found and found[0].leftover is not None:
        raise UnsupportedError(
            f"has {found[0].leftover} beside its generator, which no part of the network takes, as "
            "generators with classes of their own design have.",
            "Save the state dict of a generator without it, or open the module with its own code.",
        )
    return found[0] if found else None


def _search(
    value: object,
    recognise: Callable[[object], list[str]],
    where: str,
    average: Mapping[str, object],
    leftover: str | None,
) -> Iterator[Network]:
    """The networks in a value; of what is known, only records beside it are looked at."""
    value = _plain(value, average)
    names = recognise(value)
    if names:
        yield from (Network(where, value, name, leftover) for name in names)
        for name, held in value.items() if isinstance(value, Mapping) else ():
            if isinstance(held, Record):
                yield from _search(held, recognise, str(name), {}, leftover)
    elif isinstance(value, Mapping) and where.count(".") < _DEEPEST:
        average = {**average, **{kept: value[kept] for kept in _AVERAGES if kept in value}}
        for name, inner, left in _inner(value):
            place = f"{where}.{name}" if where else name
            yield from _search(inner, recognise, place, average, leftover or left)


def _plain(value: object, average: Mapping[str, object]) -> object:
    """A value as formats take it: a module as its tensors, arrays as tensors, the average of w with them."""
    import torch

    if isinstance(value, Placeholder):
        try:
            value = Items(value.tensors()) if value.entries is None else value.entries
        except FormatError:
            return None
    if not isinstance(value, Mapping) or not any(map(_holds_numbers, value.values())):
        return value
    made = Items({**average, **value})
    for name, held in value.items():
        if isinstance(held, Array) and held.value is not None and held.value.dtype.kind in "fiub":
            made[name] = torch.from_numpy(held.value if held.value.flags.writeable else held.value.copy())
    return made


def _holds_numbers(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor | Array)


def _inner(value: Checkpoint) -> Iterator[tuple[str, object, str | None]]:
    """What lies in a dictionary: its own dictionaries and modules, and the tensors under one prefix."""
    for name, held in value.items():
        if isinstance(name, str) and isinstance(held, Mapping | Module):
            yield name, held, _of_classes(value, name)
    flat = {name: held for name, held in value.items() if isinstance(name, str) and _holds_numbers(held)}
    prefixes = dict.fromkeys(name.partition(".")[0] for name in flat if "." in name)
    for prefix in prefixes:
        others = [name for name in flat if name.partition(".")[0] != prefix and name not in _AVERAGES]
        if others and _rank(prefix) == len(_HOLDERS):
            continue
        left = next((name for name in others if not _is_beside(name.partition(".")[0])), None)
        start = f"{prefix}."
        inside = {name.removeprefix(start): held for name, held in flat.items() if name.startswith(start)}
        yield prefix, Items(inside), None if left is None else repr(left)


def _is_beside(name: str) -> bool:
    return _rank(name) < len(_HOLDERS) or _BESIDE.fullmatch(name.lower()) is not None


def _of_classes(value: Checkpoint, chosen: str) -> str | None:
    """What has the name of an embedding of classes, and numbers, beside a network."""
    for name, held in value.items():
        if name == chosen or not isinstance(name, str) or not _CLASSES.fullmatch(name.lower()):
            continue
        if _holds_numbers(held) or (isinstance(held, Mapping) and any(map(_holds_numbers, held.values()))):
            return repr(name)
    return None


def _rank(name: str) -> int:
    plain = name.lower().removesuffix("_state_dict") or "state_dict"
    return _HOLDERS.index(plain) if plain in _HOLDERS else len(_HOLDERS)


def tensor_names(value: object, depth: int = _DEEPEST) -> Iterator[str]:
    """The names of the tensors in a value by dotted path, and the names of the classes in it."""
    if isinstance(value, Module):
        if isinstance(value, Record):
            yield f"class {value.class_name}"
        elif isinstance(value, Placeholder):
            yield f"class {value.title}"
        try:
            value = value.tensors()
        except InscapeError:
            return
    if isinstance(value, list | tuple):
        value = dict(enumerate(value[:8]))
    if isinstance(value, Mapping):
        for name, held in value.items():
            if _holds_numbers(held):
                yield str(name)
            elif depth:
                yield from (
                    each if each.startswith("class ") else f"{name}.{each}"
                    for each in tensor_names(held, depth - 1)
                )
