"""Networks of the Hugging Face hub, small ones that the tests make, from folders and from the cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import inscape
from inscape import segmenters
from inscape.activations import record
from inscape.errors import MissingExtraError, ModelNotFoundError, ShapeError, UnsupportedError

transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(transformers.utils.hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def saved(folder: Path, kind: str) -> Path:
    torch.manual_seed(0)
    if kind == "resnet":
        config = transformers.ResNetConfig(
            embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", image_size=32,
            id2label={0: "church", 1: "bridge"}, label2id={"church": 0, "bridge": 1},
        )  # fmt: skip
        network = transformers.ResNetForImageClassification(config)
    elif kind == "vit":
        config = transformers.ViTConfig(
            hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=32,
            patch_size=8,
        )  # fmt: skip
        network = transformers.ViTForImageClassification(config)
    elif kind == "segformer":
        config = transformers.SegformerConfig(
            hidden_sizes=[4, 8, 8, 8], depths=[1] * 4, num_attention_heads=[1, 1, 2, 2],
            decoder_hidden_size=8,
            id2label={0: "sky", 1: "door", 2: "door"}, label2id={"sky": 0, "door": 2},
        )  # fmt: skip
        network = transformers.SegformerForSemanticSegmentation(config)
    elif kind == "clip":
        config = transformers.CLIPConfig(
            text_config={"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                         "intermediate_size": 16, "vocab_size": 30, "eos_token_id": 2},
            vision_config={"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                           "intermediate_size": 16, "image_size": 32, "patch_size": 8},
            projection_dim=8,
        )  # fmt: skip
        network = transformers.CLIPModel(config)
    elif kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=30, n_positions=16, n_embd=8, n_layer=2, n_head=2)
        network = transformers.GPT2LMHeadModel(config)
    else:
        network = transformers.BertForMaskedLM(
            transformers.BertConfig(vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
        )
    network.save_pretrained(folder / kind)
    return folder / kind


def test_an_image_classifier_takes_pictures_as_inscape_has_them(tmp_path):
    folder = saved(tmp_path, "resnet")
    mean, spread = [0.4, 0.5, 0.6], [0.2, 0.3, 0.25]
    (folder / "preprocessor_config.json").write_text(
        f'{{"image_mean": {mean}, "image_std": {spread}, "size": {{"shortest_edge": 32}}}}'
    )
    model = inscape.open(f"hf:{folder}", device="cpu")
    assert (model.card.kind, model.card.classes, model.card.image_size) == (
        "classifier",
        ("church", "bridge"),
        32,
    )
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    bare = transformers.ResNetForImageClassification.from_pretrained(folder).eval()
    values = ((images + 1) / 2 - torch.tensor(mean)[:, None, None]) / torch.tensor(spread)[:, None, None]
    with torch.inference_mode():
        assert torch.allclose(model.module(images), bare(values).logits, atol=1e-6)
    sizes = [layer.size for layer in model.card.layers if layer.size]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) > 6
    with record(model, [model.card.default_layer]) as recording, torch.inference_mode():
        model.module(images)
    layer = model.layer()
    assert recording.outputs[layer.name].shape == (2, layer.units, layer.size, layer.size)


@pytest.mark.parametrize(
    ("kind", "expected", "some"),
    [
        ("vit", "classifier", "vit.layers.1"),
        ("clip", "encoder", "vision_model"),
        ("gpt2", "language", "blocks.1.mlp"),
    ],
)
def test_other_kinds_open_with_layers_in_the_order_of_the_pass(tmp_path, kind, expected, some):
    model = inscape.open(f"hf:{saved(tmp_path, kind)}", device="cpu")
    assert model.card.kind == expected
    names = [layer.name for layer in model.card.layers]
    assert any(name.startswith(some) for name in names), names
    assert all(model.module_of(name) is not None for name in names)
    assert not any(weight.requires_grad for weight in model.module.parameters())


def test_a_language_model_gives_its_logits(tmp_path):
    folder = saved(tmp_path, "gpt2")
    model, tokens = inscape.open(f"hf:{folder}", device="cpu"), torch.tensor([[3, 1, 4]])
    bare = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        assert torch.allclose(model.module(tokens), bare(tokens).logits, atol=1e-6)


def test_semantic_segmentation_is_a_segmenter(tmp_path):
    folder = saved(tmp_path, "segformer")
    segmenter = segmenters.open(f"hf:{folder}", device="cpu")
    assert segmenter.vocabulary.names == ("sky", "door", "door 2") and segmenter.vocabulary.planes == (
        "object",
    )
    images = torch.rand(3, 3, 48, 40) * 2 - 1
    labels = segmenter.segment(images)
    assert labels.shape == (3, 1, 48, 40) and labels.dtype == torch.uint8
    assert int(labels.min()) >= 1 and int(labels.max()) <= 3
    features = segmenter.features(images)
    assert features.shape[0] == 3 and torch.isfinite(features).all()
    assert torch.equal(segmenter.segment(images[1:2]), labels[1:2])
    with pytest.raises(ShapeError):
        segmenter.segment(images[0])
    with pytest.raises(UnsupportedError, match="labels no pixels"):
        segmenters.open(f"hf:{saved(tmp_path, 'resnet')}", device="cpu")


def test_the_ordinary_cache_is_read_and_named_where_a_model_is_not_in_it(tmp_path):
    revision = "0" * 40
    held = tmp_path / "cache" / "models--org--small"
    (held / "refs").mkdir(parents=True)
    (held / "refs" / "main").write_text(revision)
    (held / "snapshots").mkdir()
    shutil.copytree(saved(tmp_path, "gpt2"), held / "snapshots" / revision)
    assert inscape.open("hf:org/small", device="cpu").name == "small"
    with pytest.raises(ModelNotFoundError, match="'org/large' cannot be downloaded or found") as caught:
        inscape.open("hf:org/large", device="cpu")
    assert "In the cache: org/small." in str(caught.value)


def test_what_is_not_opened_is_named(tmp_path):
    with pytest.raises(UnsupportedError, match="is a BertForMaskedLM"):
        inscape.open(f"hf:{saved(tmp_path, 'bert')}", device="cpu")
    code = saved(tmp_path, "gpt2") / "config.json"
    code.write_text('{"auto_map": {"AutoConfig": "evil.Config"}, "model_type": "evil"}')
    (code.parent / "evil.py").write_text("raise SystemExit('run')")
    with pytest.raises((UnsupportedError, ModelNotFoundError), match="cannot be"):
        inscape.open(f"hf:{code.parent}", device="cpu")


def test_timm_asks_for_itself(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(MissingExtraError, match="timm"):
        inscape.open("timm:resnet18")
