"""Writing a model back: into the file that it came from, or into another format.

A pickle is written as a copy of the original file in which only the weights are replaced. The discriminator,
the trainer's options and the authors' source text stay the same bit for bit, and the original tools open it.

What was written is read again before it takes its place: every tensor must have come back, rounded to the
numbers of the file, or nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import FormatError, UnsupportedError, UsageError, unknown_name
from inscape.models.building import architectures
from inscape.models.formats.carded import is_safetensors
from inscape.models.formats.hub_folder import HUB_FOLDER, is_hub_folder, write_folder
from inscape.models.formats.known import formats
from inscape.models.formats.open_file import contents, found_in, model_in
from inscape.models.formats.permuted import in_single
from inscape.models.generator import Generator
from inscape.models.weights import idle_tensors
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.formats.format import Format
    from inscape.models.formats.found import Found
    from inscape.models.model import Model

_FREE = ("conv_clamp", "resample_filter", "ends")
"""What may differ: a clamp shows in `max_difference`, the filters are weights, and ends are no part of it."""
_SEEDS = range(4)
_AVERAGE = "mapping.w_avg"


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: The file.
        format: Its format.
        max_difference: Largest difference between the pictures of the model and those of the file, opened
            again, over four seeds, in the range of the pictures (nominally -1 to 1).
    """

    path: Path
    format: str
    max_difference: float


def write_file(
    model: Model, path: Path | str, *, format: str | None = None, template: Path | str | None = None
) -> Written:
    """Write a model as a checkpoint atomically.

    Args:
        model: From `inscape.open`, its weights as they are now.
        path: The file; it may be the one that the model came from.
        format: A name from `formats()`, or "huggingface" for a folder of the Hugging Face hub; by default
            what the suffix says (`.safetensors`, `.pkl`, `.gguf`, and for a StyleGAN2 `.pt`), otherwise the
            one it came in, otherwise safetensors.
        template: A file of that format and of the same sizes, in a copy of which the generator's weights are
            replaced; by default the file that the model came from. Without either, safetensors and
            rosinality's format can be written.

    Raises:
        UsageError: There is no such format, or it needs a template.
        UnsupportedError: The format has no place for this network or for one of its weights, or it is not an
            architecture of ours. Nothing is written then.
        FormatError: The template is of another format or other sizes.
    """
    path = Path(path)
    own, known = format_of(model), formats()
    wanted = format or _by_suffix(known, model, path) or own or "safetensors"
    if wanted == HUB_FOLDER:
        write_folder(model, path, template)
        return Written(path, wanted, 0.0)
    if wanted not in known:
        raise UsageError(*unknown_name("format", wanted, [*known, HUB_FOLDER]))
    if model.card.architecture not in architectures():
        raise UnsupportedError(
            f"{model.name!r} is a {model.card.architecture}, which Inscape cannot build from weights alone.",
            "Save its state_dict with the code that it comes from.",
        )
    chosen = known[wanted]
    fits = own is not None and own == (chosen.like or wanted)
    source = Path(template) if template is not None else model.origin if fits else None
    source, write = source if chosen.copies else None, chosen.write
    if write is None and not chosen.copies:
        raise UsageError(f"Inscape reads {chosen.title}, and does not write them.", "Name another --format.")
    if source is None and write is None:
        raise UsageError(
            f"The format {wanted!r} holds more than weights, so a file is written as a copy of a template.",
            "Name a file with the same sizes: --template (template= in Python).",
        )
    with storage.atomic_path(path) as made:
        if source is not None and chosen.copy is not None:
            chosen.copy(model, source, made)
        elif source is not None:
            _replace(source, wanted, model, made)
        elif write is not None:
            write(model, made)
        return Written(path, wanted, _difference(model, _read_again(model, made, wanted, source)))


def _by_suffix(known: Mapping[str, Format], model: Model, path: Path) -> str | None:
    """The format that the ending of a file's name asks for."""
    suffix, architecture = path.suffix.lower(), model.card.architecture
    fitting = (
        name
        for name, each in known.items()
        if suffix in each.suffixes and (not each.architectures or architecture in each.architectures)
    )
    return next(fitting, None)


def format_of(model: Model) -> str | None:
    """The format of the file or folder that a model came from; None where it came from none."""
    if model.origin is None or not model.origin.is_file():
        return HUB_FOLDER if is_hub_folder(model.origin) else None
    return "safetensors" if is_safetensors(model.origin) else found_in(contents(model.origin))[0]


def _replace(source: Path, wanted: str, model: Model, path: Path) -> None:
    """Write a copy of a file with the model's weights in it."""
    foreign = contents(source)
    name, found = found_in(foreign)
    if name != wanted:
        raise FormatError(f"{source} must be of the format {wanted!r}, got {name!r}.")
    ours, theirs = (_fixed(config) for config in (model.card.config, found.config))
    if model.card.architecture != found.architecture or ours != theirs:
        differing = [key for key in ours if ours[key] != theirs.get(key)]
        raise FormatError(
            f"{source} holds a network of other sizes than {model.name!r}"
            + (
                f": {differing[0]} is {theirs.get(differing[0])}, not {ours[differing[0]]}."
                if differing
                else "."
            )
        )
    weights = model.module.state_dict()
    for place, view in found.tensors.items():
        view.copy_(weights[place].cpu() * found.gains.get(place, 1.0))
    foreign.save(path)


def _fixed(config: JsonMapping) -> JsonObject:
    """What must be the same in both."""
    return {key: in_single(value) for key, value in config.items() if key not in _FREE}


def _read_again(model: Model, path: Path, format: str, template: Path | None) -> Model:
    """The model that a file holds, written from another one.

    Raises:
        UnsupportedError: It has not come back as it was.
    """
    found = found_in(contents(path))[1]
    again = model_in(path, found, model.device)
    ours, theirs = _fixed(model.card.config), _fixed(again.card.config)
    lost = [f"its {key} of {ours[key]}" for key in ours if ours[key] != theirs.get(key)]
    if not lost:
        written, read = model.module.state_dict(), again.module.state_dict()
        spared = found.absent & idle_tensors(model.module).keys()
        if found.average_missing and _average_kept(written[_AVERAGE], read[_AVERAGE], template):
            spared |= {_AVERAGE}
        kept = (name for name in written if name not in spared)
        lost = [f"its {name!r}" for name in kept if not _same(written[name], read[name], name, found)]
    if lost:
        raise UnsupportedError(
            f"{model.name!r} cannot be written as {format}: the file has no place for {lost[0]}"
            + (f" and {len(lost) - 1} more." if len(lost) > 1 else "."),
            "Nothing was written. Safetensors keep everything: --format safetensors.",
        )
    return again


def _average_kept(written: Tensor, read: Tensor, template: Path | None) -> bool:
    """Whether an average of w that is not in the file is what is computed for it, or was for its template."""
    if bool(written.isclose(read, rtol=1e-4, atol=1e-5).all()) or template is None:
        return template is not None
    before = model_in(template, found_in(contents(template))[1], read.device).module.state_dict()[_AVERAGE]
    return bool(written.isclose(before, rtol=1e-4, atol=1e-5).all())


def _same(written: Tensor, read: Tensor, name: str, found: Found) -> bool:
    """Whether a tensor was read as it was written, once rounded to the numbers of the file."""
    import torch

    gain, kept = found.gains.get(name, 1.0), found.tensors.get(name, read)
    numbers = torch.float16 if name in found.halves else kept.dtype
    rounded = (written * gain).to(numbers).to(written.dtype) / gain
    return bool((rounded.to(written.dtype) == read).all())


def _difference(model: Model, again: Model) -> float:
    """How far the pictures of a model are from those of the model that was written."""
    if not isinstance(model, Generator):
        return 0.0
    assert isinstance(again, Generator)
    classes = [0] * len(_SEEDS) if model.card.latent.get("c_dim") else None
    drawn = [each.images(each.to_w(each.latents(_SEEDS), classes=classes)) for each in (model, again)]
    return float((drawn[0] - drawn[1]).abs().max())
