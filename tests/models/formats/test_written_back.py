"""Language models written back: GGUF files and folders of the hub, as copies with other weights."""

from __future__ import annotations

import pytest
import torch

import inscape
from inscape.errors import FormatError, UnsupportedError, UsageError
from inscape.models import write_model
from small_language import TEXTS, trained_tokenizer, twin, write_gguf

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")

TOKENS = torch.tensor([[3, 4, 5, 200, 7, 7]])


def changed(model):
    """Other weights in every kind of place: what is turned, cut, and reordered when it is read."""
    with torch.no_grad():
        for number, name in enumerate(("mlp.down", "mlp.up", "attention.query", "attention.value")):
            model.module.get_submodule(f"blocks.{number % 2}.{name}").weight.mul_(1.25).add_(0.01)
        model.module.norm.weight.mul_(0.75)
    return model


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen2"])
@pytest.mark.parametrize("kind", ["F32", "Q8_0"])
def test_a_gguf_file_is_written_with_its_words(tmp_path, family, kind):
    source = write_gguf(tmp_path / "in.gguf", twin(family), kind, trained_tokenizer())
    model = changed(inscape.open(source, device="cpu"))
    whole = inscape.open(write_model(model, tmp_path / "out.gguf").path, device="cpu")
    assert all(
        torch.equal(weight, model.module.state_dict()[name])
        for name, weight in whole.module.state_dict().items()
    )
    assert whole.encode(TEXTS[0]) == model.encode(TEXTS[0]) and whole.card.config == model.card.config
    written = write_model(model, tmp_path / "half.gguf", format="gguf-f16")
    half = inscape.open(written.path, device="cpu").module.state_dict()
    assert written.format == "gguf-f16"
    for name, weight in model.module.state_dict().items():
        kept = weight.half().float() if weight.ndim > 1 else weight
        assert torch.equal(half[name], kept), name
    assert written.path.stat().st_size < 0.6 * (tmp_path / "out.gguf").stat().st_size


@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj", "gpt_neox", "qwen2", "mistral"])
def test_a_folder_of_the_hub_is_written_for_transformers(tmp_path, family):
    twin(family).save_pretrained(tmp_path / "in")
    (tmp_path / "in" / "README.md").write_text("about it")
    model = changed(inscape.open(tmp_path / "in", device="cpu"))
    assert write_model(model, tmp_path / "out").format == "huggingface"
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    with torch.no_grad():
        logits = theirs(input_ids=TOKENS).logits
    assert torch.allclose(logits, model.module(TOKENS), atol=1e-3)
    again = inscape.open(tmp_path / "out", device="cpu")
    assert torch.equal(again.module(TOKENS), model.module(TOKENS))
    assert (tmp_path / "out" / "README.md").read_text() == "about it"
    assert list((tmp_path / "out").glob("*.safetensors")) and not list(tmp_path.glob(".*"))


def test_a_folder_that_holds_something_is_not_written_over(tmp_path):
    (other := tmp_path / "thesis").mkdir()
    (other / "chapter.txt").write_text("all of it")
    twin("llama").save_pretrained(tmp_path / "in")
    model = inscape.open(tmp_path / "in", device="cpu")
    with pytest.raises(UsageError, match="is there already"):
        write_model(model, other)
    assert [each.name for each in other.iterdir()] == ["chapter.txt"]


def test_a_copy_needs_a_file_of_the_same_sizes(tmp_path):
    twin("gpt2").save_pretrained(tmp_path / "folder")
    model = inscape.open(tmp_path / "folder", device="cpu")
    with pytest.raises(UsageError, match="written as a copy of a template"):
        write_model(model, tmp_path / "out.gguf")
    other = write_gguf(tmp_path / "llama.gguf", twin("llama"), tokenizer=trained_tokenizer())
    with pytest.raises(FormatError, match="network of other sizes"):
        write_model(model, tmp_path / "out.gguf", template=other)
    fits = write_gguf(tmp_path / "gpt2.gguf", twin("gpt2", seed=1), tokenizer=trained_tokenizer())
    again = inscape.open(write_model(model, tmp_path / "out.gguf", template=fits).path, device="cpu")
    assert torch.equal(again.module(TOKENS), model.module(TOKENS))
    llama = inscape.open(other, device="cpu")
    with pytest.raises(UsageError, match="copy of a folder with config.json"):
        write_model(llama, tmp_path / "out", format="huggingface")
    with pytest.raises(UnsupportedError, match="another family, or of other sizes"):
        write_model(llama, tmp_path / "out", format="huggingface", template=tmp_path / "folder")
    assert not (tmp_path / "out").exists()
