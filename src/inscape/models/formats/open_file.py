"""Open checkpoints, recognised by their content and not by their names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models import converted
from inscape.models.building import architecture, built, load_model, model_of
from inscape.models.formats.carded import is_safetensors, read_carded
from inscape.models.formats.format import Format
from inscape.models.formats.found import Found
from inscape.models.formats.known import OWN_FORMATS, formats
from inscape.models.generator import Generator
from inscape.models.generator_card import generator_card

if TYPE_CHECKING:
    import torch

    from inscape.models.model import Model

_AVERAGED = 4096


def open_file(path: Path | str, device: torch.device) -> Model:
    """Open a checkpoint. Code in it is never run. A converted copy in the cache makes the second opening
    fast.

    Args:
        path: The file.
        device: Where the weights go.

    Returns:
        The model; its `origin` is the file.

    Raises:
        FormatError: It cannot be read, is damaged, or is of no known format.
        UnsupportedError: Its network does something that this one does not.
    """
    path = Path(path)
    if is_safetensors(path):
        return model_in(path, found_in(contents(path))[1], device)
    folder = converted.folder_for(path)
    if (card := converted.cached(folder, path)) is not None:
        model = load_model(
            card.model_copy(update={"name": path.stem}), folder / "weights.safetensors", device
        )
        model.origin = path
        return model
    model = model_in(path, found_in(contents(path))[1], "cpu")
    converted.keep(model, folder)
    model.module.to(device)
    return model


def model_in(path: Path, found: Found, device: torch.device | str) -> Model:
    """The model that was found in a file.

    Raises:
        FormatError: The weights do not fit.
    """
    import torch

    if found.card is not None:
        model = model_of(found.card, found.tensors, path, torch.device(device))
        model.origin = path
        return model
    try:
        known = architecture(found.architecture)
        network: Any = built(found.architecture, found.config, found.weights())
    except InscapeError as error:
        raise _about(path, error) from error
    if found.average_missing:
        z = np.random.RandomState(0).standard_normal((_AVERAGED, network.config.z_dim))
        with torch.inference_mode():
            network.mapping.w_avg.copy_(network.mapping.single(torch.from_numpy(z).float()).mean(dim=0))
    card = generator_card(
        network,
        found.architecture,
        name=path.stem,
        source=found.source,
        description=f"A {known.title} of {network.config.resolution} pixels, opened from a file.",
    )
    return Generator(network.to(device), card, origin=path)


def contents(path: Path) -> storage.Foreign:
    """The content of a file. Code in it is never run.

    Raises:
        FormatError: It cannot be read, or is damaged.
    """
    if is_safetensors(path):
        return storage.Foreign(path, "safetensors", read_carded(path), memoryview(b""))
    return storage.read_pickle(path)


def found_in(foreign: storage.Foreign) -> tuple[str, Found]:
    """The network in what was read from a file, and the name of the format.

    Raises:
        FormatError: It is of no known format, or something is missing.
        UnsupportedError: Its network has a feature that Inscape does not support.
    """
    known = OWN_FORMATS if foreign.container == "safetensors" else formats()
    fitting = {name: each for name, each in known.items() if _recognises(name, each, foreign.value)}
    if len(fitting) != 1:
        trouble = "is of several formats at once" if fitting else f"holds {_contents(foreign.value)}"
        raise FormatError(
            f"{foreign.path} {trouble}, so its network cannot be recognised.",
            f"Known formats: {'; '.join(each.title for each in known.values())}.",
        )
    ((name, each),) = fitting.items()
    try:
        return name, each.read(foreign.value)
    except InscapeError as error:
        raise _about(foreign.path, error) from error


def _recognises(name: str, each: Format, value: object) -> bool:
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


def _contents(value: object) -> str:
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    names = [repr(key) for key in list(value)[:4]]
    return f"the keys {', '.join(names)}{' ...' if len(value) > 4 else ''}" if names else "nothing"
