"""GGUF files of language models: logits against transformers, tokenizers, and what is refused."""

from __future__ import annotations

import struct

import pytest
import torch

import inscape
from inscape.errors import FormatError, MissingExtraError, UnsupportedError
from inscape.models import write_model
from small_language import TEXTS, trained_tokenizer, twin, write_gguf

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")
gguf_file = pytest.importorskip("inscape.models.formats.gguf")
TOKENS = torch.tensor([[5, 17, 200, 3, 299, 41, 8]])


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        *(("llama", kind) for kind in ("F32", "F16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K")),
        *(("gpt2", kind) for kind in ("F32", "F16", "Q8_0", "Q4_0")),
        ("qwen2", "Q8_0"),
    ],
)
def test_logits_are_those_of_transformers(tmp_path, family, kind):
    network = twin(family)
    model = inscape.open(write_gguf(tmp_path / "small.gguf", network, kind), device="cpu")
    with torch.inference_mode():
        ours, theirs = model.module(TOKENS), network(TOKENS).logits
    assert ours.shape == theirs.shape and float(theirs.abs().max()) > 0.5
    assert float((ours - theirs).abs().max()) < 1e-3
    assert (model.card.kind, model.card.architecture, model.name) == ("language", "decoder", "small")
    assert model.card.parameters == sum(weight.numel() for weight in network.parameters())


def test_factors_of_rotations_and_longer_contexts_are_read(tmp_path):
    network = twin("llama")
    network.model.rotary_emb.inv_freq /= 2
    scaled = {"llama__rope__scaling__type": "linear", "llama__rope__scaling__factor": 2.0}
    model = inscape.open(write_gguf(tmp_path / "long.gguf", network, **scaled), device="cpu")
    with torch.inference_mode():
        assert float((model.module(TOKENS) - network(TOKENS).logits).abs().max()) < 1e-3
    yarn = write_gguf(tmp_path / "yarn.gguf", network, llama__rope__scaling__type="yarn")
    with pytest.raises(UnsupportedError, match="yarn.gguf cannot be opened: it scales positions by 'yarn'"):
        inscape.open(yarn)


@pytest.mark.parametrize("begins", [False, True])
def test_the_tokenizer_of_the_file_is_read(tmp_path, begins):
    tokenizer = trained_tokenizer()
    path = write_gguf(
        tmp_path / "words.gguf", twin("gpt2"), tokenizer=tokenizer, tokenizer__ggml__add_bos_token=begins
    )
    model = inscape.open(path, device="cpu")
    first = [1] if begins else []
    for text in TEXTS:
        encoded = model.encode(text)
        assert list(encoded.tokens) == first + tokenizer.encode(text).ids
        assert encoded.offsets[len(first) :] == tuple(tokenizer.encode(text).offsets)
        assert model.decode(encoded.tokens[len(first) :]) == text
    assert model.encode("<|end|>").tokens == (*first, 0)
    assert model.module.config.ends == (0,)


@pytest.mark.parametrize(
    ("kind", "text", "pieces"),
    [
        ("smollm", "In 1234", ["In", " ", "1", "2", "3", "4"]),
        ("llama-bpe", "In 1234", ["In", " ", "123", "4"]),
        ("qwen2", "In 1234", ["In", " ", "1", "2", "3", "4"]),
    ],
)
def test_each_way_to_cut_text(tmp_path, kind, text, pieces):
    from inscape.models.formats._gguf_words import _cutting

    cut = [piece.replace("Ġ", " ") for piece, _ in _cutting(kind).pre_tokenize_str(text)]
    assert cut == pieces


def test_a_file_whose_words_cannot_be_read_is_a_network_alone(tmp_path):
    for metadata in ({}, {"tokenizer__ggml__model": "llama"}, {"tokenizer__ggml__pre": "chinese"}):
        path = write_gguf(tmp_path / "bare.gguf", twin("gpt2"), tokenizer=trained_tokenizer(), **metadata)
        if not metadata:
            path = write_gguf(tmp_path / "bare.gguf", twin("gpt2"))
        model = inscape.open(path, device="cpu")
        with pytest.raises(UnsupportedError, match="'bare' is a language model without a tokenizer"):
            model.encode("text")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"llama__block_count": None}, "it lacks 'llama.block_count'"),
        ({"llama__block_count": 10**9}, "cannot hold the 1000000000 blocks"),
        ({"llama__block_count": 3}, "it lacks 'blocks.2"),
        ({"llama__block_count": 1}, "it has 'blocks.1"),
        ({"llama__embedding_length": 128}, "where float32 \\[300, 128\\] was expected"),
        ({"llama__attention__head_count": [4, 4]}, "where one number is expected"),
        ({"llama__attention__head_count": 3}, "it turns 85 numbers of each head of 85"),
        ({"llama__attention__head_count_kv": 3}, "do not go with 3 groups"),
        ({"llama__attention__head_count": 0}, "0 heads"),
        ({"llama__context_length": 0}, "must be from 1 to 16777216, got 0"),
        ({"llama__feed_forward_length": 2**32 - 1}, "`inside` of a decoder must be"),
        ({"llama__attention__key_length": 2**31}, "`head_width` of a decoder must be"),
        ({"llama__rope__dimension_count": 8}, "turns 8 numbers of each head of 64"),
        ({"tokenizer__ggml__merges": ["a b c"]}, "tokenizer is damaged: 'a b c' is no pair"),
        ({"tokenizer__ggml__tokens": [f"w{number}" for number in range(301)]}, "301 words for 300"),
        (
            {"tokenizer__ggml__bos_token_id": 900, "tokenizer__ggml__add_bos_token": True},
            "begin with token 900",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(tmp_path, metadata, message):
    path = write_gguf(tmp_path / "odd.gguf", twin("llama"), tokenizer=trained_tokenizer(), **metadata)
    with pytest.raises((FormatError, UnsupportedError), match=message) as caught:
        inscape.open(path)
    assert "odd.gguf" in str(caught.value) and "\n" not in str(caught.value)


def test_other_families_are_refused(tmp_path):
    path = write_gguf(tmp_path / "other.gguf", twin("gpt2"), general__architecture="bert")
    with pytest.raises(UnsupportedError, match="of the family 'bert'. Inscape opens GGUF files of llama"):
        inscape.open(path)


def test_damaged_files_are_said_to_be(tmp_path):
    whole = write_gguf(tmp_path / "whole.gguf", twin("gpt2"), tokenizer=trained_tokenizer()).read_bytes()
    path = tmp_path / "damaged.gguf"
    for length in (4, 8, 20, 24, 40, 200, 1000, 5000, len(whole) // 2, len(whole) - 1000):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="damaged.gguf") as caught:
            inscape.open(path)
        assert "\n" not in str(caught.value)
    huge = 2**62
    bombs = {
        "tensors": whole[:8] + struct.pack("<QQ", huge, 0) + whole[24:],
        "keys": whole[:16] + struct.pack("<Q", huge) + whole[24:],
        "key": whole[:24] + struct.pack("<Q", huge) + whole[32:],
        "version": whole[:4] + struct.pack("<I", 99) + whole[8:],
        "words": whole.replace(struct.pack("<IQ", 8, 300), struct.pack("<IQ", 8, huge), 1),
        "kinds": whole.replace(struct.pack("<IQ", 5, 300), struct.pack("<IQ", 5, huge), 1),
        "nested": whole.replace(struct.pack("<IQ", 8, 300), struct.pack("<IQ", 9, huge), 1),
    }
    for content in bombs.values():
        assert content != whole
        path.write_bytes(content)
        with pytest.raises(FormatError, match="damaged.gguf is a damaged GGUF file") as caught:
            inscape.open(path)
        assert "\n" not in str(caught.value)


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    network = twin("gpt2")
    with torch.no_grad():
        network.transformer.ln_f.bias[3] = float("nan")
    with pytest.raises(FormatError, match="'norm.bias' holds numbers that are not finite"):
        inscape.open(write_gguf(tmp_path / "nan.gguf", network))


def test_the_package_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    path = write_gguf(tmp_path / "small.gguf", twin("gpt2"))
    monkeypatch.setitem(__import__("sys").modules, "inscape.models.formats._gguf_reader", None)
    with pytest.raises(MissingExtraError, match=r"'gguf'.*pip install 'inscape\[facts\]'"):
        inscape.open(path)


def test_a_language_model_moves_to_safetensors_with_its_words(tmp_path):
    path = write_gguf(tmp_path / "small.gguf", twin("gpt2"), tokenizer=trained_tokenizer())
    model = inscape.open(path, device="cpu")
    again = inscape.open(write_model(model, tmp_path / "small.safetensors").path, device="cpu")
    assert torch.equal(again.module(TOKENS), model.module(TOKENS))
    assert again.encode(TEXTS[0]) == model.encode(TEXTS[0])
    assert again.card == model.card
