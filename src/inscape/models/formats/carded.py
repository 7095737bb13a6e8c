"""Safetensors files of ours: weights, and the card in the file's own metadata or beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import FormatError
from inscape.models.card import Card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

CARD = "inscape_card"
_LONGEST = 100 << 20


@dataclass(frozen=True)
class Carded:
    """A safetensors file and its card."""

    tensors: Mapping[str, Tensor]
    card: Card


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as such files do: the length of a header, and a JSON object."""
    with path.open("rb") as stream:
        head = stream.read(9)
    return len(head) == 9 and head[8:] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= _LONGEST


def read_carded(path: Path) -> Carded:
    """Read such a file.

    Raises:
        FormatError: It is damaged, or there is no card.
    """
    tensors, metadata = storage.load_tensors(path)
    beside = path.parent / "card.json"
    if CARD in metadata:
        return Carded(tensors, Card.parse(_parsed(metadata[CARD], path), f"The metadata of {path}"))
    if beside.is_file():
        return Carded(tensors, Card.read(beside))
    raise FormatError(
        f"{path} has tensors but no card that says what network they belong to.",
        f"Put a card.json beside it, or its text into the file's metadata as {CARD!r}.",
    )


def write_carded(path: Path, tensors: Mapping[str, Tensor], card: Card) -> Path:
    """Write such a file, whole or not at all."""
    return storage.save_tensors(path, tensors, {CARD: json.dumps(card.model_dump(mode="json"))})


def _parsed(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"The card in the metadata of {path} is no JSON: {error}.") from error
