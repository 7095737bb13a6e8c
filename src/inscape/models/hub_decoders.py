"""Causal language models of `transformers` as our decoder: GPT-2, GPT-J, GPT-NeoX, Llama, Mistral, Qwen2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from inscape.errors import UnsupportedError
from inscape.models.architectures.decoder import Decoder
from inscape.models.architectures.decoder_config import DecoderConfig, biases
from inscape.models.building import built
from inscape.models.formats.permuted import in_single, sent_back
from inscape.types import JsonObject

_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "silu": "silu",
    "relu": "relu",
}
_ROTATIONS = ("default", "linear", "llama3")


@dataclass(frozen=True)
class _Family:
    """How the weights of a family become ours.

    Attributes:
        sizes: What the configuration says beside the sizes that all have.
        names: Patterns of names, and what they become, in order.
        weights: From one weight under our name to the weights that it stands for; as it is unless given.
    """

    sizes: Callable[[Any, nn.Module], JsonObject | None]
    names: tuple[tuple[str, str], ...]
    weights: Callable[[str, Tensor, DecoderConfig], Iterator[tuple[str, Tensor]]] | None = None


def as_decoder(network: nn.Module) -> Decoder | None:
    """The same network as our decoder; None where it is of another family, or has what ours has not.

    Args:
        network: A causal language model of `transformers`.
    """
    reading = _reading(network)
    if reading is None:
        return None
    sizes, read = reading
    found = dict(pair for name, tensor in network.state_dict().items() for pair in read(name, tensor))
    decoder = built("decoder", sizes.to_json(), found)
    assert isinstance(decoder, Decoder)
    return decoder


def fill(network: nn.Module, decoder: Decoder) -> None:
    """Give a network of `transformers` the weights of our decoder.

    Raises:
        UnsupportedError: It is of another family, or of other sizes.
    """
    reading = _reading(network)
    if reading is None or _sizes(reading[0]) != _sizes(decoder.config):
        raise UnsupportedError("The folder holds a network of another family, or of other sizes.")
    weights, read = decoder.state_dict(), reading[1]
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if any(True for _ in read(name, tensor)):  # the head of a tied network is its embedding
                tensor.copy_(sent_back(name, tensor.shape, weights, read))


def _sizes(config: DecoderConfig) -> object:
    """What must be the same for weights to fit."""
    return {key: in_single(value) for key, value in replace(config, ends=()).to_json().items()}


_Read = Callable[[str, Tensor], Iterator[tuple[str, Tensor]]]


def _reading(network: nn.Module) -> tuple[DecoderConfig, _Read] | None:
    """The sizes of a network, and how its weights become ours; None where they do not."""
    config: Any = network.config
    family = _FAMILIES.get(str(config.model_type))
    special = None if family is None else family.sizes(config, network)
    if family is None or special is None or special["activation"] is None:
        return None
    heads, width = config.num_attention_heads, config.hidden_size
    tensors = {_renamed(family, name): tensor for name, tensor in network.state_dict().items()}
    sizes = DecoderConfig.from_json(
        {
            "words": tensors["embedding.weight"].shape[0],
            "context": config.max_position_embeddings,
            "width": width,
            "blocks": config.num_hidden_layers,
            "heads": heads,
            "groups": heads,
            "head_width": width // heads,
            "tied": bool(config.tie_word_embeddings),
            "ends": _ends(config.eos_token_id),
        }
        | special
        | {"biases": biases(name.replace("attention.fused", "attention.query") for name in tensors)}
    )
    split = family.weights or _as_is

    def read(name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
        ours = _renamed(family, name)
        if not (sizes.tied and ours == "head.weight"):
            yield from split(ours, tensor, sizes)

    return sizes, read


def _renamed(family: _Family, name: str) -> str:
    for pattern, replacement in family.names:
        name = re.sub(pattern, replacement, name)
    return name


def _ends(said: int | list[int] | None) -> tuple[int, ...]:
    """Tokens that end a text."""
    return () if said is None else (said,) if isinstance(said, int) else tuple(said)


def _as_is(name: str, tensor: Tensor, config: DecoderConfig) -> Iterator[tuple[str, Tensor]]:
    yield name, tensor


def _apart(name: str, query: Tensor, key: Tensor, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    for part, tensor in (("query", query), ("key", key), ("value", value)):
        yield name.replace("fused", part), tensor


def _gpt_sizes(config: Any) -> JsonObject:
    """What the configurations of GPT-2 and GPT-J have in common."""
    return {
        "inside": config.n_inner or 4 * config.n_embd,
        "norm": "layer",
        "epsilon": config.layer_norm_epsilon,
        "activation": _ACTIVATIONS.get(config.activation_function),
    }


def _gpt2_sizes(config: Any, network: nn.Module) -> JsonObject | None:
    if not config.scale_attn_weights or config.scale_attn_by_inverse_layer_idx:
        return None
    return _gpt_sizes(config)


def _gpt2_weights(name: str, tensor: Tensor, config: DecoderConfig) -> Iterator[tuple[str, Tensor]]:
    """Its projections are `[inputs, outputs]`, and queries, keys and values are one."""
    if tensor.ndim == 2 and name.startswith("blocks."):
        tensor = tensor.T.contiguous()
    if ".fused." in name:
        yield from _apart(name, *tensor.chunk(3))
    else:
        yield name, tensor


def _gptj_sizes(config: Any, network: nn.Module) -> JsonObject | None:
    turned = config.rotary_dim or config.n_embd
    powers = torch.arange(0, turned, 2, dtype=torch.int64) / turned
    if turned > config.n_embd // config.n_head:
        return None
    return _gpt_sizes(config) | {
        "parallel": "shared",
        "frequencies": (1.0 / 10000**powers).tolist(),
    }


def _gptj_weights(name: str, tensor: Tensor, config: DecoderConfig) -> Iterator[tuple[str, Tensor]]:
    """Its pairs of rotated numbers stand side by side."""
    if ".attention.query." in name or ".attention.key." in name:
        heads = tensor.unflatten(0, (config.heads, -1))
        pairs = 2 * len(config.frequencies)
        halves = heads[:, :pairs].unflatten(1, (-1, 2)).transpose(1, 2).flatten(1, 2)
        tensor = torch.cat((halves, heads[:, pairs:]), 1).flatten(0, 1)
    yield name, tensor


def _turning(rotary: Any) -> tuple[float, ...] | None:
    """By how much pairs of numbers turn; None where that changes with the length of a text."""
    if rotary.rope_type not in _ROTATIONS or rotary.attention_scaling != 1:
        return None
    return tuple(rotary.inv_freq.tolist())


def _neox_sizes(config: Any, network: Any) -> JsonObject | None:
    frequencies = _turning(network.gpt_neox.rotary_emb)
    if frequencies is None:
        return None
    return {
        "inside": config.intermediate_size,
        "norm": "layer",
        "epsilon": config.layer_norm_eps,
        "activation": _ACTIVATIONS.get(config.hidden_act),
        "parallel": "own" if config.use_parallel_residual else "",
        "frequencies": frequencies,
    }


def _neox_weights(name: str, tensor: Tensor, config: DecoderConfig) -> Iterator[tuple[str, Tensor]]:
    """In each head queries, keys and values follow each other."""
    if ".fused." not in name:
        yield name, tensor
        return
    heads = tensor.unflatten(0, (config.heads, 3, config.head_width))
    yield from _apart(name, *(part.flatten(0, 1) for part in heads.unbind(1)))


def _llama_sizes(config: Any, network: Any) -> JsonObject | None:
    frequencies = _turning(network.model.rotary_emb)
    slides = getattr(config, "use_sliding_window", True) and getattr(config, "sliding_window", None)
    if frequencies is None or slides:
        return None
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return {
        "groups": config.num_key_value_heads,
        "head_width": width,
        "inside": config.intermediate_size,
        "norm": "rms",
        "epsilon": config.rms_norm_eps,
        "activation": _ACTIVATIONS.get(config.hidden_act),
        "gated": True,
        "frequencies": frequencies,
    }


_LLAMA = _Family(
    _llama_sizes,
    (
        (r"^model\.embed_tokens\.", "embedding."),
        (r"^model\.layers\.", "blocks."),
        (r"^model\.norm\.", "norm."),
        (r"^lm_head\.", "head."),
        (r"\.input_layernorm\.", ".attention_norm."),
        (r"\.post_attention_layernorm\.", ".mlp_norm."),
        (r"\.self_attn\.q_proj\.", ".attention.query."),
        (r"\.self_attn\.k_proj\.", ".attention.key."),
        (r"\.self_attn\.v_proj\.", ".attention.value."),
        (r"\.self_attn\.o_proj\.", ".attention.output."),
        (r"\.mlp\.(gate|up|down)_proj\.", r".mlp.\1."),
    ),
)
_GPT = (
    (r"^transformer\.wte\.", "embedding."),
    (r"^transformer\.wpe\.", "positions."),
    (r"^transformer\.h\.", "blocks."),
    (r"^transformer\.ln_f\.", "norm."),
    (r"^lm_head\.", "head."),
    (r"\.ln_1\.", ".attention_norm."),
    (r"\.ln_2\.", ".mlp_norm."),
    (r"\.attn\.c_attn\.", ".attention.fused."),
    (r"\.attn\.q_proj\.", ".attention.query."),
    (r"\.attn\.k_proj\.", ".attention.key."),
    (r"\.attn\.v_proj\.", ".attention.value."),
    (r"\.attn\.(?:c_proj|out_proj)\.", ".attention.output."),
    (r"\.mlp\.(?:c_fc|fc_in)\.", ".mlp.up."),
    (r"\.mlp\.(?:c_proj|fc_out)\.", ".mlp.down."),
)
_NEOX = (
    (r"^gpt_neox\.embed_in\.", "embedding."),
    (r"^gpt_neox\.layers\.", "blocks."),
    (r"^gpt_neox\.final_layer_norm\.", "norm."),
    (r"^(?:embed_out|lm_head)\.", "head."),
    (r"\.input_layernorm\.", ".attention_norm."),
    (r"\.post_attention_layernorm\.", ".mlp_norm."),
    (r"\.attention\.query_key_value\.", ".attention.fused."),
    (r"\.attention\.dense\.", ".attention.output."),
    (r"\.mlp\.dense_h_to_4h\.", ".mlp.up."),
    (r"\.mlp\.dense_4h_to_h\.", ".mlp.down."),
)
_FAMILIES = {
    "gpt2": _Family(_gpt2_sizes, _GPT, _gpt2_weights),
    "gptj": _Family(_gptj_sizes, _GPT, _gptj_weights),
    "gpt_neox": _Family(_neox_sizes, _NEOX, _neox_weights),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
}
