"""The sizes of a decoder of language, and the names of its layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from inscape.errors import FormatError
from inscape.models.architectures.architecture import Sizes
from inscape.models.card import TOKENS, BlockParts, Layer, Parts

_BIASES = {
    "query": "attention.query",
    "output": "attention.output",
    "mlp": "mlp.up",
    "head": "head",
}
_LARGEST = 1 << 24
WIDEST_HEAD = 1 << 12
"""More numbers in one head are taken for damage."""


@dataclass(frozen=True)
class DecoderConfig(Sizes):
    """The sizes of a decoder.

    Attributes:
        words: Tokens that it knows.
        context: The most tokens that it reads at once.
        width: Of the hidden states.
        blocks: How many.
        heads: Of queries.
        groups: Heads of keys and values, each of which serves as many heads of queries.
        head_width: Of one head.
        inside: Width of the MLP.
        norm: Whether the hidden states are normalized with their mean ("layer") or without ("rms").
        epsilon: Of the normalization.
        activation: Of the MLP.
        gated: Whether the activation multiplies a second projection.
        parallel: Whether attention and MLP read the same hidden states: normalized by one map ("shared"), or
            each by its own ("own"); otherwise the MLP reads what attention has added to.
        frequencies: By how much each pair of numbers in a head turns from one position to the next, in
            radians; none where positions are learned.
        biases: Which projections have them: "query" stands for keys and values too.
        tied: Whether the last projection is the embedding.
        ends: Tokens that end a text.
    """

    named = "the configuration of a decoder of language"

    words: int
    context: int
    width: int
    blocks: int
    heads: int
    groups: int
    head_width: int
    inside: int
    norm: Literal["layer", "rms"]
    epsilon: float
    activation: Literal["gelu", "gelu_tanh", "silu", "relu"]
    gated: bool = False
    parallel: Literal["", "shared", "own"] = ""
    frequencies: tuple[float, ...] = ()
    biases: tuple[Literal["query", "output", "mlp", "head"], ...] = ()
    tied: bool = True
    ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what fits nothing.

        Raises:
            FormatError: A size is not positive or absurd, or two do not go together.
        """
        sizes = ("words", "context", "width", "blocks", "heads", "groups", "head_width", "inside")
        for name in sizes:
            most = WIDEST_HEAD if name == "head_width" else _LARGEST
            if not 0 < (size := getattr(self, name)) <= most:
                raise FormatError(f"the size `{name}` of a decoder must be from 1 to {most}, got {size}.")
        if self.heads % self.groups or 2 * len(self.frequencies) > self.head_width:
            raise FormatError(
                f"{self.heads} heads of {self.head_width} do not go with {self.groups} groups and "
                f"{len(self.frequencies)} rotations."
            )


def biases(names: Iterable[str]) -> list[str]:
    """Which projections have biases, as the names of a network's weights say."""
    known = {name.removeprefix("blocks.0.") for name in names}
    return [part for part, place in _BIASES.items() if f"{place}.bias" in known]


def parts(config: DecoderConfig) -> Parts:
    """The names of the layers by what they are."""
    blocks = tuple(
        BlockParts(
            output=name,
            attention=f"{name}.attention",
            mlp=f"{name}.mlp",
            gate=f"{name}.mlp.gate" if config.gated else None,
            up=f"{name}.mlp.up",
            neurons=f"{name}.mlp.neurons",
            down=f"{name}.mlp.down",
        )
        for name in (f"blocks.{number}" for number in range(config.blocks))
    )
    return Parts(embedding="embedding", blocks=blocks, norm="norm")


def layers(config: DecoderConfig) -> tuple[Layer, ...]:
    """The layers in forward order; each is named as its module is."""
    known = parts(config)
    found = [(known.embedding, config.width)]
    for block in known.blocks:
        found += [(block.attention, config.width)]
        found += [(name, config.inside) for name in (block.gate, block.up, block.neurons) if name is not None]
        found += [(name, config.width) for name in (block.down, block.mlp, block.output)]
    found.append((known.norm, config.width))
    return tuple(Layer(name=name, units=units, size=0, module=name, axes=TOKENS) for name, units in found)
