"""Decoders of language: GPT-2, GPT-J, GPT-NeoX, Llama, Qwen2 and what is built like them, as one network.

They differ in the normalization, in how positions come in, in whether the MLP has a gate, in whether
attention and MLP read the same input, and in biases. Everything that such a file can say differently is
turned into one form when it is read: queries, keys and values apart, `[outputs, inputs]`, rotations by halves
of a head.

A pass can stop after a block and go on from there: `embed`, `through` and `logits` are its three pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from inscape.errors import ValueRangeError
from inscape.models.architectures.architecture import Architecture
from inscape.models.architectures.decoder_config import DecoderConfig, layers, parts
from inscape.models.card import Card

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    Rotations = tuple[Tensor, Tensor]
    Places = tuple[Int[Tensor, "t"], Int[Tensor, "t"]]

_ACTIVATIONS = {"gelu": "none", "gelu_tanh": "tanh"}


class RmsNorm(nn.Module):
    """Hidden states divided by the root of their mean square (Zhang and Sennrich, NeurIPS 2019).

    Args:
        width: Of the hidden states.
        epsilon: Added to the mean square.
    """

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        """Normalize."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


class Cache:
    """Keys and values of the tokens that have been read, by block."""

    def __init__(self) -> None:
        self.pairs: dict[int, tuple[Tensor, Tensor]] = {}

    @property
    def length(self) -> int:
        """Tokens that are in it."""
        return next((keys.shape[2] for keys, _ in self.pairs.values()), 0)

    def grown(self, block: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add those of new tokens, and return all `[batch, group, token, head width]`."""
        if block in self.pairs:
            before = self.pairs[block]
            keys, values = torch.cat((before[0], keys), 2), torch.cat((before[1], values), 2)
        self.pairs[block] = keys, values
        return keys, values


@dataclass(frozen=True)
class Reading:
    """What all blocks of one pass share.

    Attributes:
        positions: Of the tokens, `[batch or 1, token]`.
        rotations: Cosine and sine for every position and pair of numbers; None where positions are learned.
        mask: Which keys each query sees; None for all that are not behind it.
        cache: Of the tokens before, which this pass adds to; None if nothing is kept.
    """

    positions: Int[Tensor, "_ t"]
    rotations: Rotations | None
    mask: Bool[Tensor, "_ 1 _ _"] | None
    cache: Cache | None


class Attention(nn.Module):
    """Attention of queries in heads to keys and values in groups.

    Args:
        config: The sizes of the decoder.
        number: Of the block, for the cache.
    """

    def __init__(self, config: DecoderConfig, number: int) -> None:
        super().__init__()
        self.config, self.number = config, number
        biased = "query" in config.biases
        heads, groups = config.heads * config.head_width, config.groups * config.head_width
        self.query = nn.Linear(config.width, heads, bias=biased)
        self.key = nn.Linear(config.width, groups, bias=biased)
        self.value = nn.Linear(config.width, groups, bias=biased)
        self.output = nn.Linear(heads, config.width, bias="output" in config.biases)

    def forward(self, x: Float[Tensor, "b t d"], reading: Reading) -> Float[Tensor, "b t d"]:
        """What the tokens take from each other."""
        query, key, value = (
            part(x).unflatten(-1, (-1, self.config.head_width)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        if reading.rotations is not None:
            query, key = _turned(query, reading.rotations), _turned(key, reading.rotations)
        if reading.cache is not None:
            key, value = reading.cache.grown(self.number, key, value)
        shared = self.config.heads // self.config.groups
        if shared > 1:
            key, value = key.repeat_interleave(shared, 1), value.repeat_interleave(shared, 1)
        causal = reading.mask is None and query.shape[2] > 1
        seen = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=reading.mask, is_causal=causal
        )
        result: Tensor = self.output(seen.transpose(1, 2).flatten(2))
        return result


class Mlp(nn.Module):
    """Two projections with an activation between them, and a gate where there is one.

    Args:
        config: The sizes of the decoder.
    """

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        biased = "mlp" in config.biases
        self.activation = config.activation
        self.gate = nn.Linear(config.width, config.inside, bias=biased) if config.gated else None
        self.up = nn.Linear(config.width, config.inside, bias=biased)
        self.neurons = nn.Identity()
        self.down = nn.Linear(config.inside, config.width, bias=biased)

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        """Apply it to every token."""
        up = self.up(x)
        inside = self._activated(up) if self.gate is None else self._activated(self.gate(x)) * up
        result: Tensor = self.down(self.neurons(inside))
        return result

    def _activated(self, x: Tensor) -> Tensor:
        if self.activation in _ACTIVATIONS:
            return functional.gelu(x, approximate=_ACTIVATIONS[self.activation])
        return functional.silu(x) if self.activation == "silu" else functional.relu(x)


class Block(nn.Module):
    """Attention and an MLP, each added to the hidden states.

    Args:
        config: The sizes of the decoder.
        number: Of the block.
    """

    def __init__(self, config: DecoderConfig, number: int) -> None:
        super().__init__()
        self.parallel = config.parallel
        self.attention_norm = _norm(config)
        self.attention = Attention(config, number)
        self.mlp_norm = None if config.parallel == "shared" else _norm(config)
        self.mlp = Mlp(config)

    def forward(self, x: Float[Tensor, "b t d"], reading: Reading) -> Float[Tensor, "b t d"]:
        """Apply the block."""
        normalized = self.attention_norm(x)
        attended: Tensor = x + self.attention(normalized, reading)
        if self.mlp_norm is not None:
            normalized = self.mlp_norm(x if self.parallel else attended)
        result: Tensor = attended + self.mlp(normalized)
        return result


class Decoder(nn.Module):
    """The language model.

    Args:
        config: Its sizes.
    """

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = _table(config.words, config.width)
        self.positions = None if config.frequencies else _table(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config, number) for number in range(config.blocks))
        self.norm = _norm(config)
        self.head = None if config.tied else nn.Linear(config.width, config.words, "head" in config.biases)

    def reading(
        self,
        tokens: Int[Tensor, "b t"],
        valid: Bool[Tensor, "b _"] | None = None,
        cache: Cache | None = None,
    ) -> Reading:
        """What all blocks of a pass over some tokens share.

        Args:
            tokens: The tokens, of which only the shape matters.
            valid: Which of the tokens, those in the cache first, are no padding; all unless given. Padding
                behind the end needs none of it, since nothing looks there, until a token is added.
            cache: Of the tokens before.

        Raises:
            ValueRangeError: They are more than the network can read at once, or there are none.
        """
        before = cache.length if cache is not None else 0
        queries, keys = tokens.shape[1], before + tokens.shape[1]
        self._fits(keys if queries else 0)
        order = torch.arange(keys, device=tokens.device)
        positions = order[None, before:]
        seen = (order[None, :] <= order[before:, None])[None, None]
        mask = seen if before else None
        if valid is not None:
            positions = (valid.cumsum(1) - 1).clamp(min=0)[:, before:]
            mask = seen & (valid[:, None, None, :] | (order[None, :] == order[before:, None]))
        return Reading(positions, self._rotations(positions), mask, cache)

    def packed(self, places: Places, cached: Places | None = None, cache: Cache | None = None) -> Reading:
        """What all blocks of a pass share over texts that lie behind each other in one row.

        No padding is computed, and no text sees another one.

        Args:
            places: The number of the text of each token, and its position there.
            cached: The same of the tokens in the cache.
            cache: Of tokens of these texts that stand before, likewise in one row.

        Raises:
            ValueRangeError: A text is longer than the network can read at once.
        """
        texts, positions = places
        self._fits(int(positions.max()) + 1)
        all_texts = texts if cached is None else torch.cat((cached[0], texts))
        before = positions if cached is None else torch.cat((cached[1], positions))
        mask = (all_texts == texts[:, None]) & (before <= positions[:, None])
        return Reading(positions[None], self._rotations(positions[None]), mask[None, None], cache)

    def _fits(self, count: int) -> None:
        if not 0 < count <= self.config.context:
            raise ValueRangeError(f"This model reads 1 to {self.config.context} tokens at once, got {count}.")

    def _rotations(self, positions: Int[Tensor, "_ t"]) -> Rotations | None:
        if not self.config.frequencies:
            return None
        turns = torch.tensor(self.config.frequencies, dtype=torch.float32, device=positions.device)
        angles = positions[:, None, :, None] * turns
        return angles.cos(), angles.sin()

    def embed(self, tokens: Int[Tensor, "b t"], reading: Reading) -> Float[Tensor, "b t d"]:
        """The hidden states that go into the first block."""
        x: Tensor = self.embedding(tokens)
        return x if self.positions is None else x + self.positions(reading.positions)

    def through(
        self, x: Float[Tensor, "b t d"], reading: Reading, first: int = 0, last: int | None = None
    ) -> Float[Tensor, "b t d"]:
        """Hidden states behind some of the blocks: from number `first` up to, and without, `last`."""
        for block in self.blocks[first:last]:
            x = block(x, reading)
        return x

    def logits(self, x: Float[Tensor, "*b d"]) -> Float[Tensor, "*b words"]:
        """Logits of the next token from hidden states behind the last block."""
        x = self.norm(x)
        result: Tensor = functional.linear(x, self.embedding.weight) if self.head is None else self.head(x)
        return result

    def forward(
        self,
        tokens: Int[Tensor, "b t"],
        valid: Bool[Tensor, "b _"] | None = None,
        cache: Cache | None = None,
    ) -> Float[Tensor, "b t words"]:
        """Logits of the token behind each token; see `reading`."""
        reading = self.reading(tokens, valid, cache)
        return self.logits(self.through(self.embed(tokens, reading), reading))


def _table(rows: int, width: int) -> nn.Embedding:
    """An embedding whose rows are to be filled: to draw them first would import the whole of torch."""
    made: nn.Embedding = nn.Embedding.from_pretrained(torch.empty(rows, width))
    return made


def _norm(config: DecoderConfig) -> nn.Module:
    if config.norm == "rms":
        return RmsNorm(config.width, config.epsilon)
    return nn.LayerNorm(config.width, config.epsilon)


def _turned(x: Float[Tensor, "b h t d"], rotations: Rotations) -> Float[Tensor, "b h t d"]:
    """Turn pairs of numbers, one of each half, by their position; what is behind them stays."""
    cosine, sine = rotations
    half = cosine.shape[-1]
    one, other, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat((one * cosine - other * sine, other * cosine + one * sine, rest), -1)


def decoder_card(config: DecoderConfig, **known: object) -> Card:
    """The card of a decoder.

    Args:
        config: Its sizes.
        known: What else the card says: name, source, licence, description.
    """
    with torch.device("meta"):
        parameters = sum(weight.numel() for weight in Decoder(config).parameters())
    named = parts(config)
    found: dict[str, object] = {
        "kind": "language",
        "architecture": "decoder",
        "config": config.to_json(),
        "layers": layers(config),
        "parts": named,
        "default_layer": named.blocks[len(named.blocks) // 2].mlp,
        "parameters": parameters,
    }
    return Card.model_validate(found | known)


ARCHITECTURE = Architecture("decoder of language", DecoderConfig, Decoder, lambda it: layers(it.config))
