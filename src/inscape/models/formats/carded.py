"""Safetensors files of ours: weights, and the card in the file's own metadata or beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import FormatError
from inscape.models.card import Card
from inscape.models.formats.format import Format
from inscape.models.formats.found import Found
from inscape.models.language import LanguageModel, tokenizer_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from inscape.models.model import Model

CARD, TOKENIZER = "inscape_card", "inscape_tokenizer"
CARD_HINT = f"put a card.json beside the file, or its text into the file's metadata as {CARD!r}."
_LONGEST = 100 << 20


@dataclass(frozen=True)
class Carded:
    """A safetensors file, its card, and the tokenizer of a language model as JSON."""

    tensors: Mapping[str, Tensor]
    card: Card
    tokenizer: str | None = None


def is_safetensors(path: Path) -> bool:
    """Whether a file begins as such files do: the length of a header, and a JSON object."""
    with path.open("rb") as stream:
        head = stream.read(9)
    return len(head) == 9 and head[8:] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= _LONGEST


def read_safetensors(path: Path) -> Carded | dict[str, Tensor]:
    """Read such a file: the tensors with their card, or alone where there is none.

    Raises:
        FormatError: It is damaged, or its card is.
    """
    tensors, metadata = storage.load_tensors(path)
    beside = path.parent / "card.json"
    if CARD in metadata:
        card = Card.parse(_parsed(metadata[CARD], path), f"The metadata of {path}")
        return Carded(tensors, card, metadata.get(TOKENIZER))
    if beside.is_file():
        return Carded(tensors, Card.read(beside))
    return tensors


def recognises(value: object) -> bool:
    """Whether this is what `read_safetensors` read of a file with a card."""
    return isinstance(value, Carded)


def read(value: Carded) -> Found:
    """The network as its card has it.

    Raises:
        FormatError: The tokenizer is damaged.
        MissingExtraError: There is one, and the package `tokenizers` is not installed.
    """
    card, text = value.card, value.tokenizer
    tokenizer = None if text is None else tokenizer_from(text)
    return Found(card.architecture, card.config, value.tensors, card.source, card=card, tokenizer=tokenizer)


def write(model: Model, path: Path) -> None:
    """Write the weights and the card, whole or not at all."""
    metadata = {CARD: json.dumps(model.card.model_dump(mode="json"))}
    if isinstance(model, LanguageModel) and model.reads_text:
        metadata[TOKENIZER] = model.tokenizer.to_str()
    storage.save_tensors(path, model.module.state_dict(), metadata)


def _parsed(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"The card in the metadata of {path} is not JSON: {error}.") from error


FORMAT = Format(
    "safetensors with a card",
    recognises,
    read,
    suffixes=(".safetensors",),
    write=write,
    copies=False,
)
