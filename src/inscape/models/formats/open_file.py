"""Opening checkpoints of other people's code, recognised by what is in them and never by their names.

A format is a module with `recognises(value)` and `read(value)` (see `Format`); `formats` lists them, by the
names that `inscape convert --format` takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models import converted
from inscape.models.formats.carded import is_safetensors, read_carded
from inscape.models.formats.found import Format, Found
from inscape.models.generator import Generator
from inscape.models.generator_card import generator_card
from inscape.models.plugins import FORMATS, plugins
from inscape.models.registry import built, load_model, model_of

if TYPE_CHECKING:
    import torch

    from inscape.models.model import Model

_TITLES = {"stylegan2": "StyleGAN2", "stylegan3": "StyleGAN3", "progan": "ProGAN", "dcgan": "DCGAN"}
_AVERAGED = 4096


def formats() -> dict[str, Format]:
    """Every format that is told by a pickle's content, by name; those of plug-ins among them."""
    from inscape.models.formats import dcgan, nvidia, progan, rosinality

    known = {"nvidia": nvidia, "rosinality": rosinality, "progan": progan, "dcgan": dcgan}
    return cast("dict[str, Format]", {**dict(plugins(FORMATS)), **known})


def open_file(path: Path | str, device: torch.device, *, cache: bool = True) -> Model:
    """Open a checkpoint; nothing that is in it is run. The second time it comes from a converted cache.

    Args:
        path: The file.
        device: Where the weights go.
        cache: Whether the converted cache is asked, and gets what was opened.

    Returns:
        The model; its `origin` is the file.

    Raises:
        FormatError: It cannot be read, is damaged, or is of no known format.
        UnsupportedError: Its network does something that this one does not.
    """
    path = Path(path)
    if is_safetensors(path):
        carded = read_carded(path)
        model = model_of(carded.card, carded.tensors, path, device)
        model.origin = path
        return model
    if not cache:
        fresh = _opened(path)
        fresh.module.to(device)
        return fresh
    folder = converted.folder_for(path)
    if (card := converted.cached(folder, path)) is not None:
        model = load_model(
            card.model_copy(update={"name": path.stem}), folder / "weights.safetensors", device
        )
        model.origin = path
        return model
    model = _opened(path)
    converted.keep(model, folder)
    model.module.to(device)
    return model


def _opened(path: Path) -> Generator:
    import torch

    found = found_in(storage.read_pickle(path))[1]
    try:
        network: Any = built(found.architecture, found.config, found.weights())
    except InscapeError as error:
        raise _about(path, error) from error
    if found.average_missing:
        z = np.random.RandomState(0).standard_normal((_AVERAGED, network.config.z_dim))
        with torch.inference_mode():
            network.mapping.w_avg.copy_(network.mapping.single(torch.from_numpy(z).float()).mean(dim=0))
    size = network.config.resolution
    card = generator_card(
        network,
        found.architecture,
        name=path.stem,
        source=found.source,
        description=f"A {_TITLES[found.architecture]} of {size} pixels, opened from a file.",
    )
    return Generator(network, card, origin=path)


def found_in(foreign: storage.Foreign) -> tuple[str, Found]:
    """The generator in what was read from a file, and the name of the format.

    Raises:
        FormatError: It is of no known format, or something is missing.
        UnsupportedError: Its network does something that ours does not.
    """
    fitting = {name: each for name, each in formats().items() if _recognises(name, each, foreign.value)}
    if len(fitting) != 1:
        trouble = "is of several formats at once" if fitting else f"holds {_contents(foreign.value)}"
        raise FormatError(
            f"{foreign.path} {trouble}, so it cannot be told what network it is.",
            "Known are StyleGAN2 and StyleGAN3 pickles of NVIDIA, checkpoints of rosinality's trainer and of "
            "the rewriting code, state dicts of ProGANs and DCGANs, and safetensors with a card.",
        )
    ((name, each),) = fitting.items()
    try:
        return name, each.read(foreign.value)
    except InscapeError as error:
        raise _about(foreign.path, error) from error


def _recognises(name: str, each: Format, value: Any) -> bool:
    """Whether a format knows the file; one of a plug-in that fails at it warns, and does not."""
    try:
        return each.recognises(value)
    except Exception as error:
        warnings.warn(
            f"The format {name!r} failed: {type(error).__name__}: {error}", RuntimeWarning, stacklevel=2
        )
        return False


def _about(path: Path, error: InscapeError) -> InscapeError:
    kind = UnsupportedError if isinstance(error, UnsupportedError) else FormatError
    return kind(f"{path} cannot be opened: {error.detail}", error.hint)


def _contents(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    names = [repr(key) for key in list(value)[:4]]
    return f"the keys {', '.join(names)}{' ...' if len(value) > 4 else ''}" if names else "nothing"
