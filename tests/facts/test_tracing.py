"""Causal tracing: against the definition, cell by cell, on small networks of several families."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from inscape.cli.main import run
from inscape.errors import CancelledError, ShapeError, ValueRangeError
from inscape.facts import (
    Fact,
    TraceSettings,
    average_traces,
    held_facts,
    object_tokens,
    trace,
    tracing,
    write_maps,
)
from inscape.facts.average import ROLES, roles
from inscape.facts.restoring import KINDS, Restoration
from inscape.facts.tracing import noisy_runs, subject_spread
from inscape.models import write_model
from inscape.models.language import LanguageModel
from inscape.progress import CallbackProgress, SilentProgress
from reference.tracing import restored_one_by_one
from small_decoder import BLOCKS, FAMILIES, small_decoder

pytest.importorskip("tokenizers", reason="tokenizers is not installed (extra 'hub')")
FACT = Fact("In the city {} stands in", "the tower of Rome", "Paris")
SETTINGS = TraceSettings(runs=4, window=3)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return small_decoder("llama")


@pytest.fixture(scope="module", params=FAMILIES)
def any_model(request) -> LanguageModel:
    return small_decoder(request.param)


def restored(runs, cells, count=SETTINGS.runs):
    with SilentProgress().task("test") as task:
        return runs.restored(cells, range(count), task)


def test_every_state_gives_what_the_whole_model_gives(any_model):
    runs, count = noisy_runs(any_model, FACT, SETTINGS), len(any_model.encode(FACT.text).tokens)
    cells = [
        Restoration(kind, (token,), layers)
        for kind in KINDS
        for token in range(count)
        for layers in [(0, 1), (2, 3), (BLOCKS - 1, BLOCKS), (0, 2), (1, 4), (3, BLOCKS)]
    ]
    cells += [Restoration(kind, (2, 5, count - 1), (1, 3)) for kind in KINDS]
    cells = [cells[place] for place in np.random.RandomState(0).permutation(len(cells))[:80]]
    found, expected = restored(runs, cells), restored_one_by_one(any_model, runs, cells)
    assert float(found.std() / found.mean()) > 0.05
    assert torch.allclose(found.double(), expected, rtol=1e-4, atol=0)
    assert torch.allclose(restored(runs, cells, 2), found[:, :2], rtol=1e-4, atol=0)


def test_restoring_everything_recovers_the_clean_probability(any_model):
    runs, count = noisy_runs(any_model, FACT, SETTINGS), len(any_model.encode(FACT.text).tokens)
    everything = tuple(range(count))
    cells = [Restoration("hidden", everything, (layer, layer + 1)) for layer in range(BLOCKS)]
    cells.append(Restoration("hidden", everything, (0, BLOCKS)))
    found = restored(runs, cells)
    assert float((runs.corrupted - runs.clean).abs().min()) > 1e-5
    assert float((found - runs.clean).abs().max()) < 1e-6


def test_a_trace_is_the_mean_of_the_runs(model):
    found = trace(model, FACT, SETTINGS)
    runs, count = noisy_runs(model, FACT, SETTINGS), len(found.tokens)
    assert "".join(found.tokens) == FACT.text
    assert "".join(found.tokens[found.subject[0] : found.subject[1] + 1]).strip() == FACT.subject
    assert found.clean == runs.clean and found.corrupted == pytest.approx(float(runs.corrupted.mean()))
    windows = [(0, 2), (0, 3), (1, 4), (2, 5), (3, 5)]
    for kind in KINDS:
        assert found.effect[kind].shape == (count, BLOCKS)
        assert not found.effect[kind][: found.subject[0]].any()
        layers = [(layer, layer + 1) for layer in range(BLOCKS)] if kind == "hidden" else windows
        cells = [
            Restoration(kind, (token,), each) for token in range(found.subject[0], count) for each in layers
        ]
        rises = restored_one_by_one(model, runs, cells) - runs.corrupted
        still = rises[:, : tracing._PILOT].abs().amax(1) <= tracing._STILL
        expected = torch.where(still, rises[:, : tracing._PILOT].mean(1), rises.mean(1))
        assert np.allclose(found.effect[kind][found.subject[0] :].ravel(), expected.numpy(), atol=1e-6)


def test_a_state_that_moves_nothing_is_left_after_the_first_runs(model, monkeypatch):
    few = trace(model, FACT, SETTINGS)
    monkeypatch.setattr(tracing, "_STILL", -1.0)
    all_runs = trace(model, FACT, SETTINGS)
    for kind in KINDS:
        assert float(np.abs(few.effect[kind] - all_runs.effect[kind]).max()) < 2 * 0.02
    assert trace(model, FACT, TraceSettings(runs=1, window=3)).effect["hidden"].any()


def test_noise_follows_the_seed_and_the_embeddings(model):
    same = [noisy_runs(model, FACT, SETTINGS).states[0] for _ in range(2)]
    other = noisy_runs(model, FACT, TraceSettings(runs=4, seed=1)).states[0]
    assert torch.equal(*same) and not torch.equal(same[0], other)
    first, last = model.encode(FACT.text).covering(*FACT.span)
    change = same[0] - same[0][:1]
    assert not change[:, :first].any() and not change[:, last + 1 :].any()
    assert float(change[1:, first : last + 1].std()) == pytest.approx(3 * subject_spread(model), rel=0.1)


def test_the_object_is_followed_or_what_the_model_says(model):
    own = trace(model, Fact(FACT.prompt, FACT.subject), SETTINGS)
    said = model.likeliest([FACT.text], 1)[0][0]
    assert own.answer == own.said == said[0] and own.clean == pytest.approx(said[1], abs=1e-6)
    asked = trace(model, FACT, SETTINGS)
    assert model.decode(object_tokens(model, FACT.text, "Paris")) == " Paris"
    assert asked.answer == model.decode(object_tokens(model, FACT.text, "Paris")[:1]) != own.answer
    assert asked.clean < own.clean


def test_facts_that_a_model_holds_are_told_from_the_others(model):
    text = "The river runs through"
    says = model.likeliest([text], 1)[0][0][0]
    facts = [Fact("{} runs through", "The river", name) for name in (says.strip() or "it", "Paris", "Rome")]
    wanted = [object_tokens(model, text, fact.true)[0] for fact in facts]
    top = int(model.next([text]).argmax())
    held = held_facts(model, facts)
    assert [fact in held.facts for fact in facts] == [token == top for token in wanted]
    assert all(instead == says for _, instead in held.missed)
    assert len(held.facts) + len(held.missed) == 3 and str(held).endswith("of 3 facts are held")
    with pytest.raises(ValueRangeError, match="no true object"):
        held_facts(model, [Fact("{} runs", "The river")])


def test_a_trace_stops_when_it_is_asked_to(model):
    said = []
    progress = CallbackProgress(lambda state: (said.append(state), progress.cancel()))
    with pytest.raises(CancelledError):
        trace(model, FACT, SETTINGS, progress=progress)
    assert said[-1]["done"] == 0, "before the first batch was through"
    assert trace(model, FACT, SETTINGS).effect["mlp"].any(), "no hook is left behind"
    assert not any(module._forward_hooks for module in model.module.modules())


def test_averages_align_tokens_by_the_subject(model):
    facts = [
        FACT,
        Fact("{} is in the city of", "Rome"),
        Fact("The city of {}", "Paris"),
        Fact("We saw {} near the", "the tower"),
    ]
    traces = [trace(model, fact, SETTINGS) for fact in facts]
    average = average_traces(traces)
    for each in traces:
        named = roles(each)
        assert named[each.subject[1]] == "last" and named.count("last") == 1
        assert named[: each.subject[0]] == [None] * each.subject[0]
        assert all(name is not None for name in named[each.subject[0] :])
    assert average.facts == 4 and average.counts["last"] == 4 and average.counts["end"] == 3
    for kind in KINDS:
        last = np.mean([each.effect[kind][each.subject[1]] for each in traces], 0)
        assert np.allclose(average.at(kind, "last"), last)
        end = np.mean([each.effect[kind][-1] for each in traces if len(each.tokens) > each.subject[1] + 1], 0)
        assert np.allclose(average.at(kind, "end"), end)
        assert average.effect[kind].shape == (len(ROLES), BLOCKS)
    with pytest.raises(ShapeError, match="same layers and window"):
        average_traces([traces[0], trace(model, FACT, TraceSettings(runs=2, window=1))])
    with pytest.raises(ValueRangeError, match="at least one trace"):
        average_traces([])


def test_settings_outside_their_range_are_refused():
    for settings, said in (
        ({"runs": 0}, "runs must be"),
        ({"window": 0}, "window must"),
        ({"noise": 0}, "noise"),
    ):
        with pytest.raises(ValueRangeError, match=said):
            TraceSettings(**settings)


def test_maps_are_drawn_with_every_number(model, tmp_path):
    found = trace(model, FACT, SETTINGS)
    path = write_maps(found, tmp_path / "maps.svg")
    root = ElementTree.parse(path).getroot()
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    numbers = [float(title.rsplit(" ", 1)[1]) for title in titles]
    values = np.concatenate([found.effect[kind].ravel() for kind in KINDS])
    assert np.allclose(numbers, values, atol=6e-4)


@pytest.fixture(scope="module")
def file(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("small") / "llama.safetensors"
    write_model(model, path)
    return str(path)


def test_the_command_prints_the_document_and_draws_the_maps(file, tmp_path, capsys):
    asked = ["fact", "trace", file, "--prompt", "The tower of Rome is in", "--subject", "The tower of Rome"]
    out = tmp_path / "maps.svg"
    assert run([*asked, "--runs", "2", "--json", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.keys() == {"tokens", "subject", "clean", "corrupted", "effect", "window"}
    assert printed["effect"].keys() == set(KINDS) and printed["window"] == 1
    assert "".join(printed["tokens"]) == "The tower of Rome is in" and printed["subject"][0] == 0
    assert np.shape(printed["effect"]["mlp"]) == (len(printed["tokens"]), BLOCKS)
    assert out.read_text().startswith("<svg")
    assert run([*asked, "--runs", "2", "--object", "tower"]) == 0
    text = capsys.readouterr().out
    assert "Probability of ' tower'" in text and "does not hold this fact" in text
    assert len(re.findall(r"\*? │.*│", text)) == len(printed["tokens"])


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--prompt", "Rome is in", "--subject", "Paris"], 1, "'Paris' is not in the prompt 'Rome is in'"),
        (["--prompt", "", "--subject", "Paris"], 1, "The prompt is empty"),
        (["--prompt", "Rome is in", "--subject", ""], 1, "The subject is empty"),
        (["--prompt", "Rome is in", "--subject", "Rome", "--object", " "], 2, "--object is empty"),
        (["--prompt", "Rome is in", "--subject", "Rome", "--out", "maps.gif"], 2, "ends in .svg"),
        (["--prompt", "Rome is in", "--subject", "Rome", "--runs", "0"], 2, "--runs"),
        (["--prompt", "tower " * 90, "--subject", "tower"], 1, "1 to 64 tokens at once"),
    ],
)
def test_what_cannot_be_traced_is_said(file, capsys, options, code, said):
    assert run(["fact", "trace", file, *options]) == code
    assert said in " ".join(capsys.readouterr().err.split())


def test_only_language_models_can_be_traced(capsys):
    assert run(["fact", "trace", "town", "--prompt", "Rome is in", "--subject", "Rome"]) == 1
    assert "`inscape fact trace` needs a language model; 'town' is a generator" in capsys.readouterr().err
