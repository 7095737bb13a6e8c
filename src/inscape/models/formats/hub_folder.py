"""Folders of causal language models as the Hugging Face hub has them, written as copies of one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from inscape import storage
from inscape.errors import FormatError, MissingExtraError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from inscape.models.model import Model

HUB_FOLDER = "huggingface"
"""What `--format` calls it."""
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".h5", ".msgpack", ".gguf", ".onnx", ".index.json")


def is_hub_folder(path: Path | None) -> TypeGuard[Path]:
    """Whether a path is a folder with a configuration of a network."""
    return path is not None and (path / "config.json").is_file()


def write_folder(model: Model, path: Path, template: Path | str | None = None) -> None:
    """Write a copy of a folder with the weights of a model, as safetensors; whole or not at all.

    The weights keep the kind of numbers that the folder has. Everything but the weights is copied.

    Args:
        model: A language model that is our decoder.
        path: The folder to write. Nothing that is there is replaced, for it may hold more than a model.
        template: A folder of a network of the same sizes; that which the model came from unless given.

    Raises:
        UsageError: There is no folder to copy, or the one to write holds something.
        UnsupportedError: The folder holds another network, or the model is none of language.
        MissingExtraError: `transformers` is not installed.
    """
    from inscape.models.architectures.decoder import Decoder

    source = Path(template) if template is not None else model.origin
    if not is_hub_folder(source):
        raise UsageError(
            f"The format {HUB_FOLDER!r} is written as a copy of a folder with config.json, got {source}.",
            "Name one with networks of the same sizes: --template (template= in Python).",
        )
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise UsageError(f"{path} is there already, and a folder is not written over.", "Name a new folder.")
    if not isinstance(model.module, Decoder):
        raise UnsupportedError(f"{model.name!r} is {model.card.noun} that no such folder can be written of.")
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise MissingExtraError("transformers", "hub") from error
    from inscape.models.hub_decoders import as_decoder, fill

    def opened(folder: Path) -> transformers.PreTrainedModel:
        return transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype="auto", local_files_only=True, trust_remote_code=False
        )

    try:
        network = opened(source)
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(f"{source} cannot be opened: {str(error).strip().splitlines()[0]}.") from error
    fill(network, model.module)
    with storage.atomic_folder(path) as made:
        network.save_pretrained(made)
        for each in source.iterdir():
            if each.is_file() and not each.name.endswith(_WEIGHTS):
                shutil.copyfile(each, made / each.name)
        again = as_decoder(opened(made))
        assert again is not None
        kind = network.dtype
        written, read = model.module.state_dict(), again.state_dict()
        if not all(bool((written[name].cpu().to(kind).float() == read[name]).all()) for name in written):
            raise UnsupportedError(f"{model.name!r} has not come back as it was written.", "Nothing was.")
