"""Writing a model back: into the file that it came from, or into another format.

A pickle is written as a copy of the original file in which only the weights are replaced. The discriminator,
the trainer's options and the authors' source text stay the same bit for bit, and the original tools open it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.errors import FormatError, UnsupportedError, UsageError, unknown_name
from inscape.models.building import architectures
from inscape.models.formats.carded import is_safetensors
from inscape.models.formats.known import formats
from inscape.models.formats.open_file import contents, found_in, open_file
from inscape.models.generator import Generator
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from inscape.models.formats.format import Format
    from inscape.models.model import Model

_FREE = ("conv_clamp",)
_SEEDS = range(4)


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
        format: A name from `formats()`; by default what the suffix says (`.safetensors`, `.pkl`, and for a
            StyleGAN2 `.pt`), otherwise the one it came in, otherwise safetensors.
        template: A file of that format and of the same sizes, in a copy of which the generator's weights are
            replaced; by default the file that the model came from. Without either, safetensors and
            rosinality's format can be written.

    Raises:
        UsageError: There is no such format, or it needs a template.
        UnsupportedError: The format has no place for this network, or it is not an architecture of ours.
        FormatError: The template is of another format or other sizes.
    """
    path = Path(path)
    own, known = format_of(model), formats()
    wanted = format or _by_suffix(known, model, path) or own or "safetensors"
    if wanted not in known:
        raise UsageError(*unknown_name("format", wanted, known))
    if model.card.architecture not in architectures():
        raise UnsupportedError(
            f"{model.name!r} is a {model.card.architecture}, which Inscape cannot build from weights alone.",
            "Save its state_dict with the code that it comes from.",
        )
    source = Path(template) if template is not None else model.origin if wanted == own else None
    chosen = known[wanted]
    if source is not None and chosen.copies:
        _replace(source, wanted, model, path)
    elif chosen.write is not None:
        chosen.write(model, path)
    else:
        raise UsageError(
            f"The format {wanted!r} holds more than weights, so a file is written as a copy of a template.",
            "Name a file with the same sizes: --template (template= in Python).",
        )
    return Written(path, wanted, _difference(model, path))


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
    """The format of the file that a model came from; None where it came from none."""
    if model.origin is None or not model.origin.is_file():
        return None
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
    return {key: value for key, value in config.items() if key not in _FREE}


def _difference(model: Model, path: Path) -> float:
    """How far the pictures of a file are from those of the model that it was written from."""
    if not isinstance(model, Generator):
        return 0.0
    again = open_file(path, model.device, cache=False)
    assert isinstance(again, Generator)
    classes = [0] * len(_SEEDS) if model.card.latent.get("c_dim") else None
    drawn = [each.images(each.to_w(each.latents(_SEEDS), classes=classes)) for each in (model, again)]
    return float((drawn[0] - drawn[1]).abs().max())
