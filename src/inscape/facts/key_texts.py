"""Second moments of the keys of MLPs over texts, computed once for each model, layer and text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from inscape import storage
from inscape.activations import record
from inscape.errors import ValueRangeError
from inscape.facts.texts import shipped_texts
from inscape.progress import Progress, SilentProgress
from inscape.rewriting.key_space import KeySpace
from inscape.rewriting.memories import memory_of
from inscape.statistics import SecondMoment

if TYPE_CHECKING:
    from pathlib import Path

    from inscape.models.language import LanguageModel

_VERSION = 1
_BATCH = 4
_AT_ONCE = 256
"""Tokens of a batch, unless one text has more: a person can stop between batches."""
_TOKENS = 512
"""Longer texts are cut into pieces of so many tokens."""


def key_spaces(
    model: LanguageModel,
    blocks: Sequence[int],
    texts: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
) -> dict[int, KeySpace]:
    """What the inputs of the last projections of some MLPs are usually like, read from the cache where it is.

    Args:
        model: The model, without edits.
        blocks: Numbers of the blocks.
        texts: Documents; those that ship unless given.
        progress: Shows it, document by document.

    Raises:
        ValueRangeError: There is no text, or fewer tokens than a key has numbers.
        ConflictError: Edits are on the model.
        UnsupportedError: The model came without a tokenizer, or its network only runs as a whole.
    """
    moments = key_moments(model, blocks, texts, progress=progress)
    return {block: KeySpace(second) for block, second in moments.items()}


def key_moments(
    model: LanguageModel,
    blocks: Sequence[int],
    texts: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
) -> dict[int, SecondMoment]:
    """The second moments that `key_spaces` is made of; arguments and errors are the same."""
    model.refuse_edited("The second moment of keys is taken of")
    texts = shipped_texts().documents if texts is None else tuple(texts)
    if not any(text.strip() for text in texts):
        raise ValueRangeError("The second moment of keys needs texts, and all are empty.")
    paths = {block: _kept_at(model, block, texts) for block in dict.fromkeys(blocks)}
    missing = [block for block, path in paths.items() if path is None or not path.is_file()]
    gathered = _gathered(model, missing, texts, progress) if missing else {}
    for block, second in gathered.items():
        if (path := paths[block]) is not None:
            _keep(path, second)
    return {block: gathered[block] if block in gathered else _read(path) for block, path in paths.items()}


def _keep(path: Path, second: SecondMoment) -> None:
    storage.keep(path, lambda: storage.save_tensors(path, second.state(), {}))


def _read(path: Path | None) -> SecondMoment:
    assert path is not None
    return SecondMoment.from_state(storage.load_tensors(path)[0])


def _kept_at(model: LanguageModel, block: int, texts: Sequence[str]) -> Path | None:
    """Where it is cached; None where nobody can tell what it is of."""
    known = memory_of(model, model.parts.blocks[block].down).key()
    if known is None:
        return None
    tokens = model.tokenizer.to_str() if model.reads_text else ""
    key = storage.content_key("text keys", _VERSION, known, tokens, list(texts), _TOKENS)
    return storage.cache_folder() / "facts" / f"{key}.safetensors"


def _gathered(
    model: LanguageModel, blocks: Sequence[int], texts: Sequence[str], progress: Progress | None
) -> dict[int, SecondMoment]:
    """Read the texts once, up to the highest of the blocks."""
    names = {block: model.parts.blocks[block].neurons for block in blocks}
    found = {block: SecondMoment(model.layer(name).units) for block, name in names.items()}
    size = min(_TOKENS, model.decoder.config.context)
    rows = [model.encode(text).tokens for text in texts if text.strip()]
    pieces = sorted((row[at : at + size] for row in rows for at in range(0, len(row), size)), key=len)
    with (progress or SilentProgress()).task("keys", len(pieces), "texts") as task:
        start = 0
        while start < len(pieces):
            longest = len(pieces[min(start + _BATCH, len(pieces)) - 1])
            batch = pieces[start : start + max(1, min(_BATCH, _AT_ONCE // longest))]
            start += len(batch)
            tokens = torch.zeros(len(batch), len(batch[-1]), dtype=torch.int64)
            valid = torch.zeros_like(tokens, dtype=torch.bool)
            for row, piece in enumerate(batch):
                tokens[row, : len(piece)], valid[row, : len(piece)] = torch.tensor(piece), True
            tokens = tokens.to(model.device)
            with torch.inference_mode(), record(model, list(names.values())) as seen:
                reading = model.decoder.reading(tokens)
                model.decoder.through(model.decoder.embed(tokens, reading), reading, last=max(blocks) + 1)
                for block, name in names.items():
                    found[block].add(seen.outputs[name].cpu()[valid])
            task.advance(len(batch))
    return found
