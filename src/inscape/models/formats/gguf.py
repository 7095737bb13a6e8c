"""GGUF files of language models: llama.cpp's format, of the families llama, qwen2 and gpt2.

Every kind of quantization that the package `gguf` can undo is read, and becomes float32. The rows of queries
and keys, which such files of the family llama hold in another order, are turned back.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import FormatError, MissingExtraError, UnsupportedError
from inscape.models.formats.format import Format
from inscape.models.formats.found import Found
from inscape.models.formats.permuted import in_single, sent_back
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.models.architectures.decoder_config import DecoderConfig
    from inscape.models.model import Model

_FAMILIES: dict[str, JsonObject] = {
    "llama": {"norm": "rms", "activation": "silu", "gated": True},
    "qwen2": {"norm": "rms", "activation": "silu", "gated": True},
    "gpt2": {"norm": "layer", "activation": "gelu_tanh"},
}
_NAMES = (
    (r"^token_embd\.", "embedding."),
    (r"^position_embd\.", "positions."),
    (r"^output_norm\.", "norm."),
    (r"^output\.", "head."),
    (r"^blk\.", "blocks."),
    (r"\.attn_norm\.", ".attention_norm."),
    (r"\.attn_q\.", ".attention.query."),
    (r"\.attn_k\.", ".attention.key."),
    (r"\.attn_v\.", ".attention.value."),
    (r"\.attn_output\.", ".attention.output."),
    (r"\.ffn_norm\.", ".mlp_norm."),
    (r"\.ffn_(gate|up|down)\.", r".mlp.\1."),
)
_FACTORS = "rope_freqs.weight"
_DAMAGE = (ValueError, IndexError, KeyError, TypeError, OverflowError, RecursionError, struct.error)


@dataclass(frozen=True)
class Gguf:
    """What a file holds: metadata by key, and tensors of the package's own kind by name."""

    path: Path
    metadata: JsonObject
    tensors: Mapping[str, Any]


def is_gguf(path: Path) -> bool:
    """Whether a file begins as such files do."""
    with path.open("rb") as stream:
        return stream.read(4) == b"GGUF"


def read_gguf(path: Path) -> Gguf:
    """Read the metadata of a file; its tensors stay in it until they are asked for.

    Raises:
        MissingExtraError: The package `gguf` is not installed.
        FormatError: The file is damaged.
    """
    try:
        from inscape.models.formats._gguf_reader import FastReader
    except ModuleNotFoundError as error:
        raise MissingExtraError("gguf", "facts") from error
    try:
        reader = FastReader(path)
        metadata = {name: field.contents() for name, field in reader.fields.items()}
    except _DAMAGE as error:
        raise FormatError(f"{path} is a damaged GGUF file: {_first_line(error)}.") from error
    return Gguf(path, metadata, {str(tensor.name): tensor for tensor in reader.tensors})


def recognises(value: object) -> bool:
    """Whether this is what `read_gguf` read."""
    return isinstance(value, Gguf)


def read(value: Gguf) -> Found:
    """The network in it, and the tokenizer.

    Raises:
        FormatError: Something is missing or does not fit.
        UnsupportedError: It is of another family, or has a feature that our network has not.
    """
    import torch

    from inscape.models.architectures.decoder import decoder_card
    from inscape.models.formats._gguf_words import tokenizer_of

    config = _config(value)
    tensors = dict(_weights(value, config))
    said = value.metadata
    words = said.get("tokenizer.ggml.tokens")
    if isinstance(words, list) and len(words) > config.words:
        raise FormatError(f"it has {len(words)} words for {config.words} rows of its embedding.")
    source = f"A GGUF file: {said.get('general.name') or value.path.name}."
    card = decoder_card(
        config, name=value.path.stem, source=source, licence=str(said.get("general.license") or "")
    )
    halves = frozenset(
        ours
        for name, held in value.tensors.items()
        if held.tensor_type.name == "F16"
        for ours, _ in _ours(value, config, name, torch.empty(_shape(held), device="meta"))
    )
    tokenizer = tokenizer_of(said)
    return Found("decoder", config.to_json(), tensors, source, card=card, tokenizer=tokenizer, halves=halves)


def _shape(held: Any) -> list[int]:
    """Of a tensor of the package's kind, which has it backwards."""
    return [int(size) for size in reversed(held.shape)]


def _copied(half: bool) -> Callable[[Model, Path, Path], None]:
    """What writes a copy of a file with other weights: in float32, or its matrices in float16."""

    def copy(model: Model, template: Path, path: Path) -> None:
        from inscape.models.formats._gguf_writer import write_copy

        found = read_gguf(template)
        config, weights = _config(found), model.module.state_dict()
        ours, theirs = dict(model.card.config), config.to_json()
        if any(in_single(ours[key]) != in_single(theirs[key]) for key in theirs if key != "ends"):
            raise FormatError(f"{template} holds a network of other sizes than {model.name!r}.")

        def tensor(name: str) -> Tensor:
            if name == _FACTORS:
                return _plain(found, name)
            shape = _shape(found.tensors[name])
            return sent_back(name, shape, weights, lambda of, places: _ours(found, config, of, places))

        write_copy(template, path, tensor, half)

    return copy


def _config(value: Gguf) -> DecoderConfig:
    from inscape.models.architectures.decoder_config import WIDEST_HEAD, DecoderConfig, biases

    family = str(value.metadata.get("general.architecture"))
    if family not in _FAMILIES:
        raise UnsupportedError(f"it holds a network of the family {family!r}.", _OPENED)
    embedding, names = value.tensors.get("token_embd.weight"), value.tensors.keys()
    if embedding is None:
        raise FormatError("it lacks 'token_embd.weight'.")
    width, heads = (_number(value, key) for key in ("embedding_length", "attention.head_count"))
    blocks = _number(value, "block_count")
    if not 0 < heads <= width or not 0 < blocks <= len(names):
        raise FormatError(
            f"its {len(names)} tensors cannot hold the {blocks} blocks of {heads} heads it names."
        )
    head_width = _number(value, "attention.key_length", width // heads)
    kind = "rms_epsilon" if _FAMILIES[family]["norm"] == "rms" else "epsilon"
    return DecoderConfig.from_json(
        _FAMILIES[family]
        | {
            "words": int(embedding.shape[-1]),
            "context": _number(value, "context_length"),
            "width": width,
            "blocks": blocks,
            "heads": heads,
            "groups": _number(value, "attention.head_count_kv", heads),
            "head_width": head_width,
            "inside": _number(value, "feed_forward_length"),
            "epsilon": float(_value(value, f"attention.layer_norm_{kind}", (int, float))),
            "frequencies": ()
            if family == "gpt2"
            else _frequencies(value, family, min(head_width, WIDEST_HEAD)),
            "biases": biases(_renamed(name.replace("attn_qkv", "attn_q")) for name in names),
            "tied": "output.weight" not in names,
            "ends": tuple(_ends(value.metadata)),
        }
    )


def _ends(metadata: JsonMapping) -> Iterator[int]:
    """Tokens that end a text."""
    for key in ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"):
        if isinstance(found := metadata.get(key), int):
            yield found


_OPENED = f"Inscape opens GGUF files of {', '.join(_FAMILIES)}."


def _value(value: Gguf, key: str, kinds: tuple[type, ...], usual: object = None) -> Any:
    """What the metadata say of the family's own network."""
    name = f"{value.metadata['general.architecture']}.{key}"
    found = value.metadata.get(name, usual)
    if found is None:
        raise FormatError(f"it lacks {name!r}.")
    if not isinstance(found, kinds) or isinstance(found, bool):
        raise UnsupportedError(f"it has {name!r} as {str(found)[:40]!r}, where one number is expected.")
    return found


def _number(value: Gguf, key: str, usual: int | None = None) -> int:
    return int(_value(value, key, (int,), usual))


def _frequencies(value: Gguf, family: str, head_width: int) -> tuple[float, ...]:
    """By how much each pair of numbers turns from one position to the next."""
    import torch

    turned = _number(value, "rope.dimension_count", head_width)
    if not 0 < turned <= head_width or turned % 2 or (family == "llama" and turned != head_width):
        raise UnsupportedError(f"it turns {turned} numbers of each head of {head_width}.")
    base = float(_value(value, "rope.freq_base", (int, float), 10000.0))
    frequencies = 1.0 / base ** (torch.arange(0, turned, 2, dtype=torch.float32) / turned)
    scaling = value.metadata.get(f"{family}.rope.scaling.type", "none")
    if scaling == "linear":
        frequencies = frequencies / float(_value(value, "rope.scaling.factor", (int, float)))
    elif scaling != "none":
        raise UnsupportedError(f"it scales positions by {scaling!r}.")
    if _FACTORS in value.tensors:
        factors = _plain(value, _FACTORS)
        if factors.shape != frequencies.shape:
            raise FormatError(f"it has {len(factors)} factors for {len(frequencies)} rotations.")
        frequencies = frequencies / factors
    return tuple(frequencies.tolist())


def _weights(value: Gguf, config: DecoderConfig) -> Iterator[tuple[str, Tensor]]:
    """The weights in float32 under our names."""
    for name in value.tensors:
        if name != _FACTORS:
            yield from _ours(value, config, name, _plain(value, name))


def _ours(value: Gguf, config: DecoderConfig, name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Our weights that one of the file is."""
    if ".attn_qkv." in name:
        if tensor.shape[0] % 3:
            raise FormatError(f"it has {name!r} with {tensor.shape[0]} rows, not three parts.")
        for part, piece in zip("qkv", tensor.chunk(3), strict=True):
            yield _renamed(name.replace("attn_qkv", f"attn_{part}")), piece
        return
    heads = {"q": config.heads, "k": config.groups}.get(name.rpartition("attn_")[2].partition(".")[0])
    if value.metadata["general.architecture"] == "llama" and heads is not None:
        tensor = _by_halves(tensor, heads, name)
    yield _renamed(name), tensor


def _by_halves(tensor: Tensor, heads: int, name: str) -> Tensor:
    """Rows of queries or keys, whose pairs stand side by side in each head, with the pairs in two halves.

    Raises:
        FormatError: They are not rows of so many heads.
    """
    if not tensor.shape or tensor.shape[0] % (2 * heads):
        raise FormatError(f"it has {name!r} as {list(tensor.shape)}, not rows of {heads} heads.")
    halves: Tensor = tensor.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)
    return halves


def _renamed(name: str) -> str:
    for pattern, replacement in _NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def _plain(value: Gguf, name: str) -> Tensor:
    """A tensor in float32."""
    import gguf
    import numpy as np
    import torch

    held = value.tensors[name]
    try:
        numbers = gguf.dequantize(np.asarray(held.data), held.tensor_type)
    except NotImplementedError as error:
        raise UnsupportedError(
            f"it has {name!r} as {held.tensor_type.name}, which the package 'gguf' cannot undo."
        ) from error
    except _DAMAGE as error:
        raise FormatError(f"its {name!r} is damaged: {_first_line(error)}.") from error
    return torch.from_numpy(np.require(numbers, np.float32, ["C", "W"]))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


FORMAT = Format(
    "GGUF files of language models",
    recognises,
    read,
    suffixes=(".gguf",),
    architectures=("decoder",),
    copy=_copied(half=False),
)
HALF = Format(
    "GGUF files with matrices in float16", lambda value: False, read, copy=_copied(half=True), like="gguf"
)
