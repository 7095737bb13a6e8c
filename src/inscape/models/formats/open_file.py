"""Open checkpoints, recognised by their content and not by their names."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models import converted
from inscape.models.bare_classifiers import bare_classifier
from inscape.models.building import architecture, built, load_model, model_of
from inscape.models.formats._networks import Network, network_in
from inscape.models.formats._other_files import refuse_other_file
from inscape.models.formats._other_networks import refuse_other_network
from inscape.models.formats.carded import CARD_HINT, Carded, is_safetensors, read_safetensors
from inscape.models.formats.format import Format
from inscape.models.formats.found import Found
from inscape.models.formats.gguf import is_gguf, read_gguf
from inscape.models.formats.known import OWN_FORMATS, formats
from inscape.models.generator import Generator
from inscape.models.generator_card import generator_card
from inscape.progress import Progress, SilentProgress
from inscape.storage import Placeholder

if TYPE_CHECKING:
    import torch

    from inscape.models.model import Model

_AVERAGED = 4096
_LARGE = 64 << 20  # bytes of a file whose first opening shows its progress


def open_file(
    path: Path | str, device: torch.device, *, name: str | None = None, progress: Progress | None = None
) -> Model:
    """Open a checkpoint. Code in it is never run. A converted copy in the cache makes the second opening
    fast.

    Args:
        path: The file.
        device: Where the weights go.
        name: Of the model; the file's without its suffix unless given.
        progress: Receives the progress of the first opening of a large file.

    Returns:
        The model; its `origin` is the file.

    Raises:
        FormatError: It cannot be read, is damaged, or is of no known format.
        UnsupportedError: Its network does something that this one does not.
    """
    path = Path(path)
    name = name or path.stem
    if is_safetensors(path) or is_gguf(path):
        return _opened(path, name, device)
    large = path.stat().st_size >= _LARGE
    progress = progress if progress is not None and large else SilentProgress()
    folder = converted.folder_for(path, progress, remembered=large)
    if (card := converted.cached(folder, path)) is not None:
        model = load_model(card.model_copy(update={"name": name}), folder / "weights.safetensors", device)
        model.origin = path
        return model
    with progress.task(f"Converting {path.name}", total=2, unit="steps") as task:
        model = _opened(path, name, "cpu")
        task.advance()
        if model.origin is not None:
            converted.keep(model, folder)
        task.advance()
    model.module.to(device)
    return model


def _opened(path: Path, name: str, device: torch.device | str) -> Model:
    import torch

    foreign = contents(path)
    if (classifier := bare_classifier(foreign.value, name, torch.device(device))) is not None:
        return classifier
    return model_in(path, found_in(foreign)[1], device, name)


def model_in(path: Path, found: Found, device: torch.device | str, name: str | None = None) -> Model:
    """The model that was found in a file.

    Args:
        path: The file.
        found: From `found_in`.
        device: Where the weights go.
        name: Of the model; the file's without its suffix unless given.

    Raises:
        FormatError: The weights do not fit.
    """
    import torch

    if found.card is not None:
        model = model_of(found.card, found.tensors, path, torch.device(device), found.tokenizer)
        model.origin = path
        return model
    return _generator(path, name or path.stem, found, device)


def _generator(path: Path, name: str, found: Found, device: torch.device | str) -> Generator:
    import torch

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
        name=name,
        source=found.source,
        description=" ".join(
            (f"A {known.title} of {network.config.resolution} pixels, opened from a file.", found.note)
        ).strip(),
    )
    return Generator(network.to(device), card, origin=path)


def contents(path: Path) -> storage.Foreign:
    """The content of a file. Code in it is never run.

    Raises:
        FormatError: It cannot be read, is damaged, or is something else than a checkpoint.
    """
    refuse_other_file(path)
    if is_safetensors(path):
        return storage.Foreign(path, "safetensors", read_safetensors(path), memoryview(b""))
    if is_gguf(path):
        return storage.Foreign(path, "gguf", read_gguf(path), memoryview(b""))
    return storage.read_pickle(path)


def found_in(foreign: storage.Foreign) -> tuple[str, Found]:
    """The network in what was read from a file, and the name of the format.

    Raises:
        FormatError: It is of no known format, or something is missing.
        UnsupportedError: Its network has a feature that Inscape does not support.
    """
    known = OWN_FORMATS if foreign.container in ("safetensors", "gguf") else formats()

    def recognise(value: object) -> list[str]:
        return [name for name, each in known.items() if _recognises(name, each, value)]

    try:
        refuse_other_network(foreign.value)
        network = network_in(foreign.value, recognise)
    except InscapeError as error:
        raise type(error)(f"{foreign.path} {error.detail}", error.hint) from error
    if network is None:
        carded = " and no card" if foreign.container == "safetensors" else ""
        titles = "; ".join(each.title for each in known.values())
        raise FormatError(
            f"{foreign.path} holds {_contents(foreign.value)}{carded}, so its network cannot be recognised.",
            f"Known formats: {titles}. Tensors alone open with a card too: {CARD_HINT}",
        )
    try:
        found = known[network.format].read(network.value)
    except InscapeError as error:
        raise _about(foreign.path, error) from error
    return network.format, replace(found, note=" ".join(filter(None, (found.note, _place(network)))))


def _place(network: Network) -> str:
    """Says that the weights are not averaged, where the file calls them so."""
    last = network.where.rpartition(".")[2]
    return f"Its weights are those of {last!r}, not averaged over the training." if last in ("G", "g") else ""


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
    if isinstance(value, Placeholder):
        return f"an object of the class {value.title}"
    if isinstance(value, Carded):
        value = value.tensors
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    names = [repr(key) for key in list(value)[:4]]
    return f"the keys {', '.join(names)}{' ...' if len(value) > 4 else ''}" if names else "nothing"
