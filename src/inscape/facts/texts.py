"""Texts that ship: what keys are usually like is taken over them, and perplexity is measured on them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from inscape import storage
from inscape.errors import ValueRangeError
from inscape.types import JsonObject

SHIPPED = Path(__file__).parent / "glosses.json.gz"


@dataclass(frozen=True)
class Texts:
    """Texts of a language.

    Attributes:
        documents: For second moments of keys.
        others: Others, about the same range of things.
        subjects: By the subject of a fact, a text about it.
        source: Where they come from.
        licence: Of the texts.
    """

    documents: tuple[str, ...]
    others: tuple[str, ...] = ()
    subjects: Mapping[str, str] | None = None
    source: str = ""
    licence: str = ""

    def to_json(self) -> JsonObject:
        """As the shipped file holds them."""
        return asdict(self)

    def about(self, subject: str) -> str | None:
        """A text about a subject; None where there is none."""
        return (self.subjects or {}).get(subject)


@cache
def shipped_texts() -> Texts:
    """Glosses of the Open English WordNet 2024 (CC BY 4.0), written by `scripts/make_glosses.py`."""
    held = json.loads(gzip.decompress(SHIPPED.read_bytes()))
    documents, others = (tuple(held[name]) for name in ("documents", "others"))
    return Texts(documents, others, held["subjects"], held["source"], held["licence"])


def read_texts(path: Path | str) -> tuple[str, ...]:
    """Documents from a text file of one's own: paragraphs, with empty lines between them.

    Raises:
        FormatError: The file is missing or is not UTF-8.
        ValueRangeError: There is no text in it.
    """
    parts = [" ".join(part.split()) for part in storage.read_text(path).split("\n\n")]
    found = tuple(part for part in parts if part)
    if not found:
        raise ValueRangeError(f"{path} must hold text, and is empty.")
    return found
