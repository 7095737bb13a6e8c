"""Second moments of a generator's keys over thousands of pictures, computed once for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.editing import weights_hash
from inscape.editing.rule_settings import RuleSettings
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.rewriting.memory import LayerMemory, read_latents
from inscape.statistics import SecondMoment

if TYPE_CHECKING:
    from inscape.progress import Progress

SAMPLES = RuleSettings.samples
"""Pictures that a second moment is taken over."""
FIRST_SEED = 3_000_000
"""Where their seeds start: dissections and pictures that people look at count from 0."""
_BATCH = 32


def key_moment(
    memory: LayerMemory, *, samples: int = SAMPLES, progress: Progress | None = None
) -> SecondMoment:
    """The second moment of a layer's keys over a generator's own pictures; read from the cache where it is.

    Args:
        memory: A layer of a generator.
        samples: How many pictures, of the seeds from `FIRST_SEED` on.
        progress: Told about pictures as they are done.

    Raises:
        UnsupportedError: The model is no generator: gather a `SecondMoment` of `memory.read(...).keys` over
            its own data.
        ValueRangeError: Fewer than one picture.
        ConflictError: Edits are on the model.
        CancelledError: The person asked to stop.
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
    drawn = (samples, FIRST_SEED, model.classes)
    model.refuse_edited("The second moment of keys is taken of")
    key = storage.content_key("keys", weights_hash(model.module), memory.parameter, drawn)
    path = storage.cache_folder() / "rewriting" / f"{key}.safetensors"
    if path.is_file():
        return SecondMoment.from_state(storage.load_tensors(path)[0])
    second = SecondMoment(memory.width)
    with (progress or SilentProgress()).task("Gathering keys", samples, "pictures") as task:
        for start in range(FIRST_SEED, FIRST_SEED + samples, _BATCH):
            seeds = range(start, min(start + _BATCH, FIRST_SEED + samples))
            with torch.no_grad():
                second.add(read_latents(memory, model.w_of_seeds(seeds)).shown)
            task.advance(len(seeds))
    storage.save_tensors(path, second.state(), {})
    return second
