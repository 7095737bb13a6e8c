"""Second moments of a generator's keys over thousands of pictures, computed once for each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.activations import record
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.rewriting.memory import LayerMemory, read_latents
from inscape.statistics import SecondMoment

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Generator
    from inscape.progress import Progress

SAMPLES = RuleSettings.samples
"""Pictures that a second moment is taken over."""
FIRST_SEED = 3_000_000
"""Where their seeds start: dissections and pictures that people look at count from 0."""
_BATCH = 32
_VERSION = 2


def key_moment(
    memory: LayerMemory, *, samples: int = SAMPLES, progress: Progress | None = None
) -> SecondMoment:
    """The second moment of a layer's keys over a generator's own pictures; read from the cache where it is.

    Args:
        memory: A layer of a generator.
        samples: Number of pictures, of the seeds from `FIRST_SEED` on.
        progress: Reports the pictures done.

    Raises:
        UnsupportedError: The model is not a generator: gather a `SecondMoment` of `memory.read(...).keys`
            over its own data.
        ValueRangeError: Fewer than one picture.
        ConflictError: Edits are on the model.
        CancelledError: The person cancelled.
    """
    model = _generator(memory, samples)
    path = _kept_at(memory, samples)
    if path is not None and path.is_file():
        return SecondMoment.from_state(storage.load_tensors(path)[0])
    second = SecondMoment(memory.width)
    with (progress or SilentProgress()).task("Gathering keys", samples, "pictures") as task:
        for seeds in _batches(samples):
            with torch.no_grad():
                second.add(read_latents(memory, model.w_of_seeds(seeds)).shown)
            task.advance(len(seeds))
    _keep(path, second)
    return second


def key_moments(
    memories: Sequence[LayerMemory], *, samples: int = SAMPLES, progress: Progress | None = None
) -> list[SecondMoment]:
    """`key_moment` of several layers of one generator, whose pictures are drawn once for all of them."""
    found = {
        number: SecondMoment(memory.width)
        for number, memory in enumerate(memories)
        if not is_gathered(memory, samples=samples)
    }
    if found:
        model = _generator(memories[0], samples)
        with (progress or SilentProgress()).task("Gathering keys", samples, "pictures") as task:
            for seeds in _batches(samples):
                _add_keys(found, memories, model.w_of_seeds(seeds))
                task.advance(len(seeds))
        for number, second in found.items():
            _keep(_kept_at(memories[number], samples), second)
    return [
        found[number] if number in found else key_moment(memory, samples=samples)
        for number, memory in enumerate(memories)
    ]


def is_gathered(memory: LayerMemory, *, samples: int = SAMPLES) -> bool:
    """Whether the second moment of a layer's keys is in the cache."""
    path = _kept_at(memory, samples)
    return path is not None and path.is_file()


def _keep(path: Path | None, second: SecondMoment) -> None:
    if path is not None:
        storage.keep(path, lambda: storage.save_tensors(path, second.state(), {}))


def _add_keys(
    found: Mapping[int, SecondMoment],
    memories: Sequence[LayerMemory],
    w: Float[Tensor, "batch num_ws w_dim"],
) -> None:
    """Draw from w once and add the keys of every layer that is asked for."""
    module = memories[0].model.module
    holders = [memories[number].layer.holder for number in found]
    synthesis = module.get_submodule("synthesis")
    with torch.no_grad():
        with record(module, list(dict.fromkeys(holders)), inputs=True) as seen:
            synthesis(w)
        for number, second in found.items():
            memory = memories[number]
            second.add(memory.shown(memory.keys(seen.inputs[memory.layer.holder])))


def _batches(samples: int) -> list[range]:
    last = FIRST_SEED + samples
    return [range(start, min(start + _BATCH, last)) for start in range(FIRST_SEED, last, _BATCH)]


def _kept_at(memory: LayerMemory, samples: int) -> Path | None:
    """Where the second moment of a layer is cached; None where nobody can tell what it is of."""
    model = _generator(memory, samples)
    drawn = (samples, FIRST_SEED, model.classes)
    model.refuse_edited("The second moment of keys is taken of")
    if (known := memory.key()) is None:
        return None
    key = storage.content_key("keys", _VERSION, known, drawn)
    return storage.cache_folder() / "rewriting" / f"{key}.safetensors"


def _generator(memory: LayerMemory, samples: int) -> Generator:
    """The generator that a layer is of.

    Raises:
        UnsupportedError: It is another kind of model.
        ValueRangeError: Fewer than one picture.
    """
    from inscape.models import Generator

    model = memory.model
    if not isinstance(model, Generator):
        raise UnsupportedError(
            f"{model.name!r} draws no pictures of its own to take keys from.",
            "Gather the second moment of keys over data of its kind, and pass it.",
        )
    if samples < 1:
        raise ValueRangeError(f"A second moment needs at least one picture, got {samples}.")
    return model
