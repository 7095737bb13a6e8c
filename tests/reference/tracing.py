"""Causal tracing as it is defined: the whole model runs once for every state that is put back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from inscape.facts.restoring import NoisyRuns, Restoration
from inscape.models.language import LanguageModel


def restored_one_by_one(model: LanguageModel, runs: NoisyRuns, cells: Sequence[Restoration]) -> Tensor:
    """Probability of the answer `[cell, run]`, with the states put back by hooks on PyTorch's own terms."""
    noisy = runs.states[0]
    tokens = runs.tokens.expand(len(noisy), -1)
    found = []
    for cell in cells:
        with ExitStack() as hooks:
            for number in range(*cell.layers):
                block = model.module.blocks[number]
                part = block if cell.kind == "hidden" else getattr(block, cell.kind)
                hooks.callback(part.register_forward_hook(put_back(cell)).remove)
            with torch.no_grad():
                reading = model.decoder.reading(tokens)
                x = noisy
                for block in model.module.blocks:
                    x = block(x, reading)
                logits = model.decoder.logits(x[:, -1])
        found.append(logits.double().softmax(-1)[1:, runs.answer])
    return torch.stack(found)


def put_back(cell: Restoration):
    """Row 0 is the clean run: its states take the place of those of the others."""

    def hook(module, arguments, output):
        output = output.clone()
        for token in cell.tokens:
            output[1:, token] = output[0, token]
        return output

    return hook
