"""Prompts that a language model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.errors import UnsupportedError
from inscape.models.language import LanguageModel
from inscape.sources.source import Batch, spread

if TYPE_CHECKING:
    from inscape.models import Model


class Prompts:
    """Texts for a causal language model.

    Shorter ones of a batch are filled up behind their end, which what comes before cannot see.

    Args:
        texts: The prompts.
    """

    name = "prompts"

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)

    def numbers(self, first: int, count: int) -> range:
        """As many texts as are asked for, evenly spread; at most all."""
        return spread(len(self.texts), first, count)

    @torch.inference_mode()
    def run(self, model: Model, numbers: Sequence[int]) -> Batch:
        """Let a model read some texts.

        Raises:
            UnsupportedError: The model is not a language model, or came without a tokenizer.
        """
        if not isinstance(model, LanguageModel):
            raise UnsupportedError(
                f"{model.name!r} is {model.card.noun} without a tokenizer to read text with."
            )
        tokens = model.padded([self.texts[number] for number in numbers]).tokens
        model.module(tokens)
        return Batch(tokens)

    def key(self) -> str | None:
        """Of the texts."""
        return storage.content_key("prompts", self.texts)
