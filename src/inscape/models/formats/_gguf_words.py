"""From the metadata of a GGUF file to a tokenizer: byte-pair encoding of bytes, as GPT-2 introduced it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.errors import FormatError, MissingExtraError
from inscape.types import JsonMapping

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SPLITS = {
    "gpt-2": "",
    "smollm": "digits",
    "llama-bpe": rf"{_CONTRACTIONS}|{_WORDS}|\p{{N}}{{1,3}}|{_REST}",
    "qwen2": rf"{_CONTRACTIONS}|{_WORDS}|\p{{N}}|{_REST}",
}
"""How text is cut before pairs are joined: as GPT-2 did, with digits apart before, or by an expression."""
_CONTROL, _OWN = 3, 4


def tokenizer_of(metadata: JsonMapping) -> Tokenizer | None:
    """The tokenizer of a file; None where it has none, or one of another kind.

    Args:
        metadata: Of the file.

    Raises:
        FormatError: It is damaged.
        MissingExtraError: The package `tokenizers` is not installed.
    """
    kind, cut = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre", "gpt-2")
    if kind != "gpt2" or cut not in _SPLITS:
        return None
    try:
        import tokenizers
    except ModuleNotFoundError as error:
        raise MissingExtraError("tokenizers", "facts") from error
    words, merges = metadata.get("tokenizer.ggml.tokens"), metadata.get("tokenizer.ggml.merges")
    if not isinstance(words, list) or not isinstance(merges, list):
        raise FormatError("it has a tokenizer without tokens or merges.")
    numbers = {word: number for number, word in enumerate(words)}
    if odd := [merge for merge in merges if str(merge).count(" ") != 1]:
        raise FormatError(f"its tokenizer is damaged: {str(odd[0])[:40]!r} is no pair of tokens.")
    pairs = [(left, right) for left, _, right in (str(merge).partition(" ") for merge in merges)]
    try:
        made = tokenizers.Tokenizer(
            tokenizers.models.BPE(vocab=numbers, merges=pairs, ignore_merges=cut == "llama-bpe")
        )
    except Exception as error:  # the package has no class of its own for this
        raise FormatError(f"its tokenizer is damaged: {str(error).splitlines()[0]}.") from error
    made.pre_tokenizer = _cutting(str(cut))
    made.decoder = tokenizers.decoders.ByteLevel()
    if cut == "qwen2":
        made.normalizer = tokenizers.normalizers.NFC()
    _add_special(made, words, metadata, cut == "llama-bpe")
    return made


def _cutting(kind: str) -> PreTokenizer:
    from tokenizers import Regex, pre_tokenizers

    split = _SPLITS[kind]
    if split in ("", "digits"):
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        digits = [pre_tokenizers.Digits(individual_digits=True)]
        return pre_tokenizers.Sequence([*digits, level]) if split else level
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"), level])


def _add_special(made: Tokenizer, words: list[str], metadata: JsonMapping, begins: bool) -> None:
    """Tokens that stand for no text, and the one that every text begins with where there is one."""
    from tokenizers import AddedToken, processors

    kinds = metadata.get("tokenizer.ggml.token_type") or []
    kept = [(word, kind) for word, kind in zip(words, kinds, strict=False) if kind in (_CONTROL, _OWN)]
    made.add_special_tokens([AddedToken(word, normalized=False) for word, kind in kept if kind == _CONTROL])
    made.add_tokens([AddedToken(word, normalized=False) for word, kind in kept if kind == _OWN])
    first = metadata.get("tokenizer.ggml.bos_token_id")
    if not metadata.get("tokenizer.ggml.add_bos_token", begins) or first is None:
        return
    if not isinstance(first, int) or not 0 <= first < len(words):
        raise FormatError(f"its texts begin with token {first}, and it has {len(words)}.")
    word = words[first]
    made.post_processor = processors.TemplateProcessing(
        single=f"{word} $A", pair=f"{word} $A {word} $B", special_tokens=[(word, first)]
    )
