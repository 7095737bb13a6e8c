"""Prompts that a language model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.errors import UnsupportedError
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
        tokenizer = getattr(model.module, "tokenizer", None)
        if tokenizer is None:
            raise UnsupportedError(
                f"{model.name!r} is {model.card.noun} without a tokenizer to read text with."
            )
        rows = [torch.tensor(tokenizer(self.texts[number])["input_ids"]) for number in numbers]
        tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(model.device)
        model.module(tokens)
        return Batch(tokens)

    def key(self) -> str | None:
        """Of the texts."""
        return storage.content_key("prompts", self.texts)
