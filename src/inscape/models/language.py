"""Language models: models that say which token comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import FormatError, MissingExtraError, UnsupportedError, ValueRangeError
from inscape.models.card import Card, Parts
from inscape.models.model import Model
from inscape.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from inscape.models.architectures.decoder import Cache, Decoder


@dataclass(frozen=True)
class Encoded:
    """A text as tokens.

    Attributes:
        tokens: Their numbers.
        offsets: The characters of the text that each stands for, first and end; (0, 0) for one that is no
            part of the text.
    """

    tokens: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]

    def covering(self, first: int, end: int) -> tuple[int, int]:
        """The tokens that hold any of the characters from `first` up to `end`: the first and the last.

        Raises:
            ValueRangeError: None does.
        """
        found = [n for n, (start, stop) in enumerate(self.offsets) if start < end and stop > first]
        if not found:
            raise ValueRangeError(f"No token holds the characters {first} to {end} of the text.")
        return found[0], found[-1]


@dataclass(frozen=True)
class Padded:
    """Texts as tokens, the shorter ones filled up behind their end.

    Attributes:
        tokens: Their numbers; 0 behind the end.
        valid: Which of them are a text's.
    """

    tokens: Int[Tensor, "text token"]
    valid: Bool[Tensor, "text token"]

    @property
    def last(self) -> Int[Tensor, "text"]:
        """Where the last token of each text is."""
        return self.valid.sum(1) - 1


class LanguageModel(Model):
    """A causal language model.

    Args:
        module: From tokens `[text, token]` to logits `[text, token, word]`.
        card: Its description.
        tokenizer: Between text and tokens; None where the model came without one that can be read.
        origin: The checkpoint that it came from.
    """

    def __init__(
        self, module: nn.Module, card: Card, tokenizer: Tokenizer | None = None, *, origin: Path | None = None
    ) -> None:
        super().__init__(module, card, origin=origin)
        self._tokenizer = tokenizer

    @property
    def reads_text(self) -> bool:
        """Whether it came with a tokenizer."""
        return self._tokenizer is not None

    @property
    def tokenizer(self) -> Tokenizer:
        """Between text and tokens.

        Raises:
            UnsupportedError: The model came without one.
        """
        if self._tokenizer is None:
            raise UnsupportedError(
                f"{self.name!r} is a language model without a tokenizer to read text with.",
                "Inscape reads tokenizer.json from folders, and byte-pair encoding of bytes from GGUF files.",
            )
        return self._tokenizer

    @property
    def parts(self) -> Parts:
        """Which of its layers is what.

        Raises:
            UnsupportedError: That is not known.
        """
        if self.card.parts is None:
            raise UnsupportedError(
                f"{self.name!r} is a {self.card.architecture}, whose attention and MLPs have no known names.",
                "They are of GPT-2, GPT-J, GPT-NeoX, Llama, Qwen2 and what is built like them.",
            )
        return self.card.parts

    @property
    def decoder(self) -> Decoder:
        """The network, where it can stop after a block and go on from there.

        Raises:
            UnsupportedError: It cannot.
        """
        from inscape.models.architectures.decoder import Decoder

        if not isinstance(self.module, Decoder):
            raise UnsupportedError(
                f"{self.name!r} is a {self.card.architecture}, which only runs as a whole."
            )
        return self.module

    def encode(self, text: str) -> Encoded:
        """The tokens of a text.

        Raises:
            UnsupportedError: The model came without a tokenizer.
        """
        found = self.tokenizer.encode(text)
        return Encoded(tuple(found.ids), tuple(found.offsets))

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, those included that stand for no text.

        Raises:
            UnsupportedError: The model came without a tokenizer.
        """
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=False))

    def texts(self, text: str) -> list[str]:
        """The tokens of a text as the pieces of it that they stand for; by name where they stand for none.

        Raises:
            UnsupportedError: The model came without a tokenizer.
        """
        found = self.encode(text)
        return [
            text[start:end] or self.decode([token])
            for token, (start, end) in zip(found.tokens, found.offsets, strict=True)
        ]

    def padded(self, texts: Sequence[str]) -> Padded:
        """The tokens of several texts, on the device of the model.

        Raises:
            ValueRangeError: There are no texts, or one has no tokens.
            UnsupportedError: The model came without a tokenizer.
        """
        import torch

        rows = [self.encode(text).tokens for text in texts]
        empty = [number for number, row in enumerate(rows) if not row]
        if empty or not rows:
            which = f"text {empty[0]} has none" if empty else "there are no texts"
            raise ValueRangeError(f"A language model reads texts of at least one token; {which}.")
        longest = max(map(len, rows))
        tokens = torch.tensor([row + (0,) * (longest - len(row)) for row in rows], device=self.device)
        lengths = torch.tensor([len(row) for row in rows], device=self.device)
        return Padded(tokens, torch.arange(longest, device=self.device) < lengths[:, None])

    def next(self, prompts: Sequence[str]) -> Float[Tensor, "prompt word"]:
        """The probability of every token behind each prompt.

        Raises:
            ValueRangeError: A prompt is empty, or longer than the model reads at once.
            UnsupportedError: The model came without a tokenizer.
        """
        import torch

        with torch.inference_mode():
            return self._behind(self.padded(prompts)).softmax(-1)

    def likeliest(self, prompts: Sequence[str], count: int = 10) -> list[list[tuple[str, float]]]:
        """The most probable tokens behind each prompt: their text and probability, falling."""
        values, tokens = self.next(prompts).topk(min(count, self.tokenizer.get_vocab_size()))
        return [
            [(self.decode([token]), value) for token, value in zip(*each, strict=True)]
            for each in zip(tokens.tolist(), values.tolist(), strict=True)
        ]

    def continued(
        self,
        prompts: Sequence[str],
        length: int = 20,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        top: int | None = None,
        progress: Progress | None = None,
    ) -> list[str]:
        """What the model writes behind each prompt, without the prompt.

        Args:
            prompts: The texts to go on from.
            length: The most tokens to write; fewer where the model ends the text.
            temperature: 0 takes the most probable token each time; 1 draws by the probabilities.
            seed: Of the draws; those of a prompt do not depend on the others.
            top: Draw from so many of the most probable tokens; from all unless given.
            progress: Shows it, token by token.

        Raises:
            ValueRangeError: A prompt is empty, what comes out is longer than the model reads at once, the
                temperature is negative, or `top` is below 1.
            UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
        """
        import torch

        from inscape.models.architectures.decoder import Cache

        if temperature < 0:
            raise ValueRangeError(f"The temperature of a text must be 0 or more, got {temperature}.")
        if top is not None and top < 1:
            raise ValueRangeError(f"A token is drawn from at least 1 of the most probable, got {top}.")
        decoder, batch, cache = self.decoder, self.padded(prompts), Cache()
        written: list[list[int]] = [[] for _ in prompts]
        draws = [np.random.default_rng([seed, number]) for number in range(len(prompts))]
        ends, valid = set(decoder.config.ends), batch.valid
        with torch.inference_mode(), (progress or SilentProgress()).task("text", length, "tokens") as task:
            for step in range(length):
                if step:
                    new = torch.tensor([[text[-1]] for text in written], device=self.device)
                    valid = torch.cat((valid, torch.ones_like(valid[:, :1])), 1)
                    logits = decoder(new, valid, cache)[:, -1]
                else:
                    logits = self._behind(batch, cache)
                picked = _drawn(logits if top is None else _highest(logits, top), temperature, draws)
                for text, token in zip(written, picked, strict=True):
                    text.append(token)
                task.advance()
                if all(ends & set(text) for text in written):
                    break
        return [self.decode(list(takewhile(lambda token: token not in ends, text))) for text in written]

    def _behind(self, batch: Padded, cache: Cache | None = None) -> Float[Tensor, "text word"]:
        """Logits behind the last token of each text."""
        import torch

        rows = torch.arange(len(batch.tokens), device=self.device)
        if self.card.parts is None:
            whole: Tensor = self.module(batch.tokens)
            return whole[rows, batch.last]
        reading = self.decoder.reading(batch.tokens, cache=cache)
        hidden = self.decoder.through(self.decoder.embed(batch.tokens, reading), reading)
        return self.decoder.logits(hidden[rows, batch.last])


def tokenizer_from(text: str) -> Tokenizer:
    """A tokenizer from its JSON.

    Raises:
        MissingExtraError: The package `tokenizers` is not installed.
        FormatError: It is damaged.
    """
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise MissingExtraError("tokenizers", "facts") from error
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the package has no class of its own for this
        raise FormatError(f"its tokenizer is damaged: {str(error).splitlines()[0]}.") from error


def _highest(logits: Float[Tensor, "text word"], count: int) -> Float[Tensor, "text word"]:
    """Logits of the highest of each text; of the others, minus infinity."""
    values, words = logits.topk(min(count, logits.shape[-1]))
    return logits.new_full(logits.shape, -float("inf")).scatter(-1, words, values)


def _drawn(
    logits: Float[Tensor, "text word"], temperature: float, draws: Sequence[np.random.Generator]
) -> list[int]:
    """A token for each text."""
    if not temperature:
        return [int(number) for number in logits.argmax(-1)]
    sums = (logits.double() / temperature).softmax(-1).cumsum(-1).cpu().numpy()
    return [
        int(np.searchsorted(row, draw.random() * row[-1], side="right"))
        for row, draw in zip(sums, draws, strict=True)
    ]
