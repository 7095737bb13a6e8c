"""Small language models: GGUF files that the tests write, and their twins of transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

TEXTS = (
    "The tower stands in the city of Paris.",
    "Rome is in Italy, and the river runs through it.",
    "the the tower tower city 1234 naïve façade\n\n  two  spaces",
)
SIZES = {"words": 300, "width": 256, "blocks": 2, "heads": 4, "groups": 2, "inside": 512, "context": 64}


def trained_tokenizer(words: int = 300, texts: tuple[str, ...] = TEXTS):
    """A byte-pair encoder of a few texts, with two special tokens."""
    import tokenizers

    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=words,
        special_tokens=["<|end|>", "<|begin|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts * 8, trainer)
    return made


def twin(family: str, seed: int = 0):
    """A network of transformers with random weights, biases included."""
    import transformers

    torch.manual_seed(seed)
    shared = {"vocab_size": SIZES["words"], "bos_token_id": 1, "eos_token_id": 0}
    if family in ("llama", "qwen2", "mistral"):
        kind = {"llama": "Llama", "qwen2": "Qwen2", "mistral": "Mistral"}[family]
        sizes = {
            "hidden_size": SIZES["width"], "num_hidden_layers": SIZES["blocks"],
            "num_attention_heads": SIZES["heads"], "num_key_value_heads": SIZES["groups"],
            "intermediate_size": SIZES["inside"], "max_position_embeddings": SIZES["context"],
            "tie_word_embeddings": family == "llama",
        }  # fmt: skip
        if family == "mistral":
            sizes["sliding_window"] = None
        config = getattr(transformers, f"{kind}Config")(**shared, **sizes)
        network = getattr(transformers, f"{kind}ForCausalLM")(config)
    elif family == "gpt_neox":
        config = transformers.GPTNeoXConfig(
            **shared, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
            max_position_embeddings=64, tie_word_embeddings=False,
        )  # fmt: skip
        network = transformers.GPTNeoXForCausalLM(config)
    elif family == "gptj":
        config = transformers.GPTJConfig(
            **shared, n_embd=64, n_layer=2, n_head=4, rotary_dim=8, n_positions=64, tie_word_embeddings=False
        )
        network = transformers.GPTJForCausalLM(config)
    else:
        config = transformers.GPT2Config(
            **shared, n_embd=SIZES["width"], n_layer=2, n_head=4, n_positions=SIZES["context"]
        )
        network = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 1:
                weight.add_(torch.randn_like(weight) * 0.1)
            elif "embed" not in name and "wte" not in name:
                weight.mul_(3)
    return network.eval()


def write_gguf(path: Path, network, kind: str = "F32", tokenizer=None, **metadata) -> Path:
    """Write a Llama, Qwen2 or GPT-2 as llama.cpp's converter does, and round the network's weights alike.

    Args:
        path: The file.
        network: Of transformers.
        kind: How matrices are quantized.
        tokenizer: Whose words and merges are written; none unless given.
        metadata: Keys, with `__` for dots, and values that replace what would be written; None leaves out.
    """
    import gguf

    config, family = network.config, network.config.model_type
    writer = gguf.GGUFWriter(path, family)
    heads, groups = config.num_attention_heads, getattr(config, "num_key_value_heads", None)
    said = {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers,
        "attention.head_count": heads,
        "feed_forward_length": getattr(config, "intermediate_size", 4 * config.hidden_size),
    }
    said |= {"attention.head_count_kv": groups} if groups else {}
    known = {f"{family}.{key}": value for key, value in said.items()}
    if family == "gpt2":
        known["gpt2.attention.layer_norm_epsilon"] = config.layer_norm_epsilon
    else:
        known[f"{family}.attention.layer_norm_rms_epsilon"] = config.rms_norm_eps
        known[f"{family}.rope.freq_base"] = float(config.rope_parameters["rope_theta"])
    if tokenizer is not None:
        known |= _words(tokenizer)
    for key, value in (known | {key.replace("__", "."): each for key, each in metadata.items()}).items():
        _add(writer, key, value)
    for name, tensor, back in _tensors(network, family):
        form = gguf.GGMLQuantizationType[kind if tensor.ndim == 2 else "F32"]
        raw = _quantized(tensor.numpy(), form)
        writer.add_tensor(name, raw, raw_dtype=form)
        back(torch.from_numpy(np.array(gguf.dequantize(raw, form))))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _quantized(array, form):
    """Rows in blocks; those of the K-quants, which the package only reads, are drawn."""
    import gguf

    if form.name in ("F32", "F16"):
        return array.astype(np.dtype(f"float{form.name[1:]}"))
    if form.name not in _SCALES:
        return gguf.quantize(array, form)
    values, size = gguf.GGML_QUANT_SIZES[form]
    blocks = np.random.RandomState(0).randint(0, 256, (*array.shape[:-1], array.shape[-1] // values, size))
    blocks = blocks.astype(np.uint8)
    for place in _SCALES[form.name]:
        blocks[..., place : place + 2] = np.array([0.0005], np.float16).view(np.uint8)
    return blocks.reshape(*array.shape[:-1], -1)


_SCALES = {"Q4_K": (0, 2), "Q6_K": (208,)}
"""Where the halves are by which all numbers of a block are multiplied."""


def _words(tokenizer) -> dict[str, object]:
    import json

    held = json.loads(tokenizer.to_str())["model"]
    words = sorted(held["vocab"], key=held["vocab"].get)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [3, 3] + [1] * (len(words) - 2),
        "tokenizer.ggml.merges": [" ".join(pair) for pair in held["merges"]],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 0,
    }


def _add(writer, key: str, value: object) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif value is not None:
        writer.add_array(key, value)


_LLAMA = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "model.layers": "blk", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip
_GPT2 = {
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
    "transformer.h": "blk", "ln_1": "attn_norm", "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}  # fmt: skip


def _tensors(network, family: str):
    """The weights as the converter writes them: rows of q and k side by side in pairs, Conv1D turned."""
    config = network.config
    for name, tensor in network.state_dict().items():
        if name.startswith("lm_head") and config.tie_word_embeddings:
            continue
        new = name
        for theirs, ours in (_GPT2 if family == "gpt2" else _LLAMA).items():
            new = new.replace(f"{theirs}.", f"{ours}.")
        turned = family == "gpt2" and tensor.ndim == 2 and new.startswith("blk")
        heads = config.num_attention_heads if ".attn_q." in new else 0
        heads = config.num_key_value_heads if ".attn_k." in new else heads
        if turned:
            yield new, tensor.T.contiguous(), lambda value, place=tensor: place.copy_(value.T)
        elif family == "llama" and heads:
            pairs = tensor.unflatten(0, (heads, 2, -1)).transpose(1, 2)
            yield new, pairs.flatten(0, 2), lambda value, place=pairs: place.copy_(value.view_as(place))
        else:
            yield new, tensor, tensor.copy_
