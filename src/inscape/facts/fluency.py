"""What an edit does to the rest of a language model: the texts that it writes, and texts of others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from inscape.errors import ValueRangeError
from inscape.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from inscape.models.language import LanguageModel

_WORD = re.compile(r"\w+|[^\w\s]")
_WEIGHTS = {2: 2 / 3, 3: 4 / 3}
_BATCH = 20
TOP = 5
"""Words are drawn from so many of the most probable."""


def entropy(text: str) -> float:
    """Entropy of a text's pairs and triples of words, (2/3 H2 + 4/3 H3) / 2, in bits; low where it repeats.

    Zhang et al. (NeurIPS 2018) as Meng et al. (NeurIPS 2022) weigh it.
    """
    words = _WORD.findall(text)
    return sum(weight * _of_groups(words, size) for size, weight in _WEIGHTS.items()) / len(_WEIGHTS)


def _of_groups(words: Sequence[str], size: int) -> float:
    counts = Counter(zip(*(words[first:] for first in range(size)), strict=False))
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def written_entropy(
    model: LanguageModel,
    starts: Sequence[str],
    length: int = 60,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> float:
    """The mean entropy of what a model writes behind some beginnings, of the beginnings too.

    Args:
        model: The model, with the edits that are on it.
        starts: The beginnings.
        length: Tokens that are written.
        seed: Of the draws.
        progress: Shows it.

    Raises:
        ValueRangeError: There are none.
    """
    if not starts:
        raise ValueRangeError("Fluency is measured on beginnings of texts, and there are none.")
    found = []
    for first in range(0, len(starts), _BATCH):
        batch = starts[first : first + _BATCH]
        written = model.continued(
            batch, length, temperature=1.0, seed=seed + first, top=TOP, progress=progress
        )
        found += [entropy(start + text) for start, text in zip(batch, written, strict=True)]
    return sum(found) / len(found)


def perplexity(model: LanguageModel, texts: Sequence[str], *, progress: Progress | None = None) -> float:
    """The perplexity of texts: e to the mean of −log P over all of their tokens but the first.

    Args:
        model: The model, with the edits that are on it.
        texts: The texts; each is cut where the model reads no further.
        progress: Shows it, text by text.

    Raises:
        ValueRangeError: There are none, or none has two tokens.
    """
    rows = [model.encode(text).tokens[: model.decoder.config.context] for text in texts]
    rows = [row for row in rows if len(row) > 1]
    if not rows:
        raise ValueRangeError("Perplexity is measured on texts of at least two tokens, and there are none.")
    total, count = 0.0, 0
    with (progress or SilentProgress()).task("perplexity", len(rows), "texts") as task:
        for row in rows:
            tokens = torch.tensor([row], device=model.device)
            with torch.inference_mode():
                logs = model.module(tokens[:, :-1]).log_softmax(-1)
                total -= float(logs.gather(-1, tokens[:, 1:, None]).sum())
            count += len(row) - 1
            task.advance()
    return math.exp(total / count)
