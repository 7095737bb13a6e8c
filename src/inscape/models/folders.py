"""Folders as the Hugging Face hub has them: `config.json` and weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import FormatError, UnsupportedError
from inscape.models.formats.open_file import open_file

if TYPE_CHECKING:
    import torch

    from inscape.models.model import Model
    from inscape.progress import Progress

_FIRST = ("model.safetensors", "pytorch_model.safetensors", "pytorch_model.bin", "pytorch_model.pt")
_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".pkl", ".ckpt")


def open_folder(folder: Path, device: torch.device, progress: Progress | None = None) -> Model:
    """Open a folder: by `transformers` where its `config.json` names a network of that, else its weights.

    Args:
        folder: Holds no `card.json`.
        device: Where the weights go.
        progress: Receives the progress of the first opening of a large file.

    Raises:
        FormatError: It holds no weights, or several files of them.
        UnsupportedError: It is a pipeline of diffusers, or its network is not one that Inscape opens.
    """
    if (folder / "model_index.json").is_file():
        raise UnsupportedError(
            f"{folder} is a pipeline of diffusers, which draws in many steps; Inscape does not open it.",
            "It opens generators of one step, such as StyleGAN2, and any torch module: inscape.open(module).",
        )
    config = storage.read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    if isinstance(config, dict) and (config.get("model_type") or config.get("architectures")):
        from inscape.models import hub

        return hub.open_hub(str(folder), device)
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    chosen = [folder / name for name in _FIRST if folder / name in found][:1] or found
    if len(chosen) != 1:
        held = ", ".join(path.name for path in chosen[:4])
        trouble = f"several files of weights: {held}" if chosen else "neither a card nor weights"
        raise FormatError(f"{folder} holds {trouble}.", "Name the file to open.")
    return open_file(chosen[0], device, name=folder.resolve().name, progress=progress)
