"""A tiny language model of our own architecture, with random weights and a tokenizer of a few texts."""

from __future__ import annotations

import torch

from inscape.models.architectures.decoder import Decoder, decoder_card
from inscape.models.architectures.decoder_config import DecoderConfig
from inscape.models.language import LanguageModel
from small_language import trained_tokenizer

FAMILIES = {
    "llama": {"norm": "rms", "activation": "silu", "gated": True, "groups": 2, "frequencies": (1.0, 0.1)},
    "gptj": {"norm": "layer", "activation": "gelu", "parallel": "shared", "frequencies": (1.0, 0.3)},
    "gpt2": {"norm": "layer", "activation": "gelu_tanh", "biases": ("query", "output", "mlp")},
}
BLOCKS = 5


def small_decoder(family: str) -> LanguageModel:
    """One of 5 blocks that is built like a family."""
    sizes = {"words": 300, "context": 64, "width": 32, "blocks": BLOCKS, "heads": 4, "groups": 4}
    sizes |= {"head_width": 8, "inside": 48, "epsilon": 1e-5} | FAMILIES[family]
    config = DecoderConfig(**sizes)
    torch.manual_seed(0)
    network = Decoder(config).requires_grad_(False).eval()
    for weight in network.parameters():
        if weight.ndim == 2:
            weight.normal_(std=0.3)
    return LanguageModel(network, decoder_card(config, name=family), trained_tokenizer())
