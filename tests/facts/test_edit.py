"""Edits of facts: what is written, what they do, and what they leave."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

import inscape
from facts.small_facts import SETTINGS, facts, texts, write_knowing
from inscape.activations import edited
from inscape.editing import EditStack, JointEdit, WeightEdit, load_edit
from inscape.errors import CancelledError, ConflictError, LayerError, ValueRangeError
from inscape.facts import (
    EditSettings,
    Fact,
    FactEditor,
    TargetSettings,
    TuningSettings,
    block_of,
    edit_facts,
    find_targets,
    held_facts,
    key_spaces,
    scores,
    summarized,
)
from inscape.facts.anchored import AnchoredRows
from inscape.facts.edit import factors
from inscape.facts.fine_tuning import fine_tuned
from inscape.facts.targets import PREFIXES, fact_lines
from inscape.models.language import LanguageModel
from inscape.models.weights import bytes_of
from inscape.progress import CallbackProgress
from inscape.rewriting.key_space import KeySpace
from inscape.rewriting.memories import memory_of
from inscape.statistics import SecondMoment

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def knowing(request, tmp_path_factory) -> LanguageModel:
    opened = inscape.open(write_knowing(tmp_path_factory.mktemp("facts"), request.param), device="cpu")
    assert isinstance(opened, LanguageModel)
    return opened


@pytest.fixture(scope="module")
def editor(knowing) -> FactEditor:
    return FactEditor(knowing, SETTINGS, texts=texts())


@pytest.fixture(scope="module")
def edits(editor) -> list[WeightEdit]:
    return [editor.edit([fact], name=fact.subject) for fact in facts()]


def weights_of(model: LanguageModel) -> dict[str, bytes]:
    return {name: bytes(bytes_of(weight)) for name, weight in model.module.state_dict().items()}


def said(model: LanguageModel, fact: Fact) -> str:
    return model.continued([fact.text], 2)[0]


@pytest.mark.parametrize("block", [0, 1])
def test_what_runs_from_a_block_on_is_what_the_whole_network_gives(knowing, block):
    longer = Fact("In the city {} stands in the", "of Rome", new="tower of Italy")
    lines = [each for fact in (*facts(), longer) for each in fact_lines(knowing, fact)]
    rows = AnchoredRows(knowing, lines, block)
    torch.manual_seed(0)
    added = torch.randn(len(lines), knowing.decoder.config.width)
    where = [place for row, line in enumerate(lines) for place in rows.positions(row, line)]
    found = iter(rows.log_probabilities(added, torch.tensor(where)).tolist())
    assert any(len(line.tokens) - line.last > 2 for line in lines)
    for line, vector in zip(lines, added, strict=True):

        def change(output, line=line, vector=vector):
            output = output.clone()
            output[:, line.last] += vector
            return output

        with torch.no_grad(), edited(knowing, knowing.parts.blocks[block].mlp, change):
            whole = knowing.module(torch.tensor([line.tokens]))[0].log_softmax(-1)
        for back in range(len(line.wanted), 0, -1):
            assert np.allclose(next(found), whole[-back], atol=2e-4)
    assert next(found, None) is None


def test_facts_of_a_batch_do_not_touch_each_other(knowing):
    settings = replace(SETTINGS.targets, steps=4, rate=0.05)
    together = find_targets(knowing, facts(), 0, settings)
    for fact, target in zip(facts(), together, strict=True):
        (alone,) = find_targets(knowing, [fact], 0, settings)
        assert target.fact == fact and target.steps == alone.steps
        assert torch.allclose(target.added, alone.added, atol=2e-3)
        assert torch.allclose(target.keys, alone.keys, atol=1e-5) and len(target.keys) == len(PREFIXES)
        assert target.loss[1] < target.loss[0]
    assert [target.steps for target in together] == [4, 4, 4]


def test_rows_of_keys_are_the_closed_form():
    torch.manual_seed(0)
    moment, keys = SecondMoment(12), torch.randn(3, 12)
    moment.add(torch.randn(200, 12) @ torch.diag(torch.linspace(0.2, 3, 12)))
    space = KeySpace(moment)
    inverse, exact = torch.linalg.inv(moment.moment()), keys.double()
    size = (exact @ inverse @ exact.t()).diagonal().mean()
    for ridge in (0.0, 0.3):
        products = exact @ inverse @ exact.t() + ridge * size * torch.eye(3)
        assert torch.allclose(space.answering(keys, ridge), torch.linalg.solve(products, exact @ inverse))
    assert torch.allclose(space.answering(keys[:1]).float()[0], space.scorer(keys[:1], torch.ones(1)))
    quiet = space.answering_in_quiet(keys[:2], 0.3)
    assert torch.allclose(quiet @ exact[:2].t(), torch.eye(2, dtype=torch.float64), atol=1e-6)
    values, vectors = torch.linalg.eigh(moment.moment())
    loud = values.cumsum(0) > 0.3 * values.sum()
    assert float((quiet @ vectors[:, loud]).abs().max()) < 1e-8
    with pytest.raises(ValueRangeError, match="quiet directions lies between 0 and 1, got 1"):
        space.answering_in_quiet(keys, 1)


@pytest.mark.parametrize("method", ["rome", "memit", "alphaedit", "ft"])
def test_an_edit_makes_the_model_say_the_new_object(knowing, editor, method):
    tuning = TuningSettings(steps=25, rate=5e-3)
    settings = EditSettings(method, (0,), 0.0, 0.5, SETTINGS.targets, tuning)
    asked = facts()[:1]
    edit = FactEditor(knowing, settings, spaces=editor.spaces).edit(asked)
    assert edit.made["method"] == method and edit.made["facts"][0]["new"] == asked[0].new
    with knowing.edited([edit]):
        assert summarized(scores(knowing, asked)).efficacy.mean == 1
        assert said(knowing, asked[0]).startswith(f" {asked[0].new}")
    assert held_facts(knowing, facts()).missed == ()


def test_a_target_of_several_tokens_is_written(knowing, editor):
    fact = replace(facts()[0], new="city the")
    assert len(fact_lines(knowing, fact)[0].wanted) == 2
    (before,) = scores(knowing, [fact])
    with knowing.edited([editor.edit([fact])]):
        (after,) = scores(knowing, [fact])
        assert said(knowing, fact).startswith(" city")
    assert before.efficacy.share == 0 and after.efficacy.share == 1


def test_memit_spreads_an_edit_over_layers(knowing, tmp_path):
    spread = FactEditor(knowing, replace(SETTINGS, method="memit", blocks=(0, 1), ridge=0.0), texts=texts())
    edit = spread.edit(facts())
    assert isinstance(edit, JointEdit) and spread.layers == ("blocks.0.mlp", "blocks.1.mlp")
    assert edit.layers == ("blocks.0.mlp.down", "blocks.1.mlp.down")
    with knowing.edited([edit]):
        assert summarized(scores(knowing, facts())).efficacy.mean == 1
    again = load_edit(edit.save(tmp_path / "many.edit.safetensors"))
    assert again == edit and JointEdit.from_json(edit.to_json()) == edit
    assert again.scaled(0.5).strength == 0.5 and again.transferred().edits[0].weights == ""


def test_fine_tuning_is_adam_on_the_weights(knowing):
    fact, settings = facts()[0], TuningSettings(steps=3, rate=1e-2, enough=1e-9)
    change = fine_tuned(knowing, [fact, facts()[1]], 0, settings, alone=True)[0]
    name = memory_of(knowing, "blocks.0.mlp.down").parameter
    parameter = knowing.module.get_parameter(name)
    before, weight = parameter.data, parameter.data.clone().requires_grad_()
    adam = torch.optim.Adam([weight], lr=1e-2)
    found = knowing.encode(f"{fact.text} {fact.new}")
    wanted = len(found.tokens) - len(knowing.encode(fact.text).tokens)
    tokens = torch.tensor([found.tokens])
    for _ in range(3):
        logits = torch.func.functional_call(knowing.module, {name: weight}, (tokens[:, :-1],))
        adam.zero_grad()
        torch.nn.functional.cross_entropy(logits[0, -wanted:], tokens[0, -wanted:]).backward()
        adam.step()
    expected = weight.detach() - before
    assert float((change - expected).norm() / expected.norm()) < 0.1  # Adam's steps go by signs
    limited = fine_tuned(knowing, [fact], 0, replace(settings, limit=5e-3))
    assert float(limited.abs().max()) == pytest.approx(5e-3)
    values, rows = factors(change)
    assert torch.equal(values.t() @ rows, change)


def test_any_order_of_edits_switches_and_undos_is_undone_bit_for_bit(knowing, edits):
    before, drawn, stack = weights_of(knowing), random.Random(3), EditStack()
    states = {}
    for _ in range(50):
        action = drawn.choice(["add", "add", "remove", "hide", "show", "move", "undo", "redo"])
        index = drawn.randrange(len(stack)) if len(stack) else None
        if action == "add":
            stack.add(drawn.choice(edits))
        elif action in ("undo", "redo"):
            getattr(stack, action)()
        elif index is not None and action == "move":
            stack.move(index, drawn.randrange(len(stack)))
        elif index is not None:
            getattr(stack, action)(index)
        with knowing.edited(stack.edits):
            state = weights_of(knowing)
        key = tuple(edit.key for edit in stack.edits)
        assert states.setdefault(key, state) == state
        assert weights_of(knowing) == before
    assert len(states) > 5


def test_an_edit_is_saved_and_refused_by_another_model(knowing, edits, tmp_path):
    again = load_edit(edits[0].save(tmp_path / "one.edit.safetensors"))
    assert again == edits[0]
    other = inscape.open(write_knowing(tmp_path, "qwen2"), device="cpu")
    with (
        pytest.raises((ConflictError, inscape.errors.InscapeError), match="was made for other weights|shape"),
        other.edited([again]),
    ):
        pass


def test_an_edit_is_made_on_top_of_others(knowing, editor):
    first, second = facts()[:2]
    one = editor.edit([first])
    with knowing.edited([one]):
        two = editor.edit([second])
    with knowing.edited([one, two]):
        assert summarized(scores(knowing, [first, second])).efficacy.mean == 1
    with knowing.edited([one]), pytest.raises(ConflictError, match="second moment of keys"):
        edit_facts(knowing, second)


def test_an_interrupted_edit_leaves_the_weights(knowing, editor):
    before, seen = weights_of(knowing), []
    progress = CallbackProgress(seen.append)
    progress.cancel()
    spread = replace(SETTINGS, method="memit", blocks=(0, 1))
    for settings in (SETTINGS, spread, replace(SETTINGS, method="ft")):
        other = FactEditor(knowing, settings, texts=texts())
        with pytest.raises(CancelledError):
            other.edit(facts(), progress=progress)
        assert weights_of(knowing) == before and not knowing.on
    assert seen


def test_an_edit_can_stop_between_a_pass_forward_and_the_pass_back(knowing, editor):
    asked = 0

    def count(said) -> None:
        nonlocal asked
        asked += said["name"] == "targets"

    targets = editor.targets(facts(), progress=CallbackProgress(count))
    steps = max(target.steps for target in targets)
    assert steps > 1 and asked >= 2 * steps


def test_second_moments_are_cached_by_model_layer_and_text(knowing, monkeypatch, tmp_path):
    monkeypatch.setenv("INSCAPE_HOME", str(tmp_path))
    steps = []
    spaces = key_spaces(knowing, [0, 1], texts(), progress=CallbackProgress(steps.append))
    assert steps and sorted(spaces) == [0, 1]
    steps.clear()
    again = key_spaces(knowing, [1], texts(), progress=CallbackProgress(steps.append))
    assert not steps and torch.equal(again[1].moment, spaces[1].moment)
    key_spaces(knowing, [1], texts(79), progress=CallbackProgress(steps.append))
    assert steps
    tokens = torch.cat([torch.tensor(knowing.encode(text).tokens) for text in texts()])
    assert len(tokens) > len(spaces[0].moment)
    by_hand = SecondMoment(len(spaces[0].moment))
    with inscape.activations.record(knowing, "blocks.0.mlp.neurons") as seen:
        for text in texts():
            with torch.inference_mode():
                knowing.module(torch.tensor([knowing.encode(text).tokens]))
            by_hand.add(seen.outputs["blocks.0.mlp.neurons"][0])
    assert torch.allclose(by_hand.moment(), spaces[0].moment, rtol=1e-4, atol=1e-8)


def test_bad_input_is_said_in_a_sentence(knowing, editor):
    fact = facts()[0]
    with pytest.raises(ValueRangeError, match="'The moon' is not in the prompt"):
        Fact.asked("The river stands in", "The moon", new="Rome")
    with pytest.raises(ValueRangeError, match="has no new object"):
        editor.edit([replace(fact, new="")])
    with pytest.raises(ValueRangeError, match="at least one fact, got none"):
        editor.edit([])
    with pytest.raises(ValueRangeError, match="all are empty"):
        key_spaces(knowing, [0], [" ", ""])
    with pytest.raises(ValueRangeError, match="is singular"):
        key_spaces(knowing, [0], ["the city"])
    with pytest.raises(ValueRangeError, match="no method 'rom'; did you mean 'rome'"):
        EditSettings("rom")
    with pytest.raises(ValueRangeError, match="'rome' changes one layer, got 2"):
        EditSettings("rome", (0, 1))
    with pytest.raises(ValueRangeError, match="between 0 and 1, got"):
        FactEditor(knowing, EditSettings(blocks=(2,)))
    with pytest.raises(ValueRangeError, match="steps must be at least 1"):
        TargetSettings(steps=0)
    with pytest.raises(LayerError, match="no block with a layer 'blocks.7.mlp'"):
        block_of(knowing, "blocks.7.mlp")
    assert block_of(knowing, "blocks.1.mlp") == block_of(knowing, "1") == block_of(knowing, "blocks.1") == 1
    with pytest.raises(ValueRangeError, match="reads 1 to 64 tokens at once"):
        editor.edit([replace(fact, prompt="the city " * 60 + fact.prompt)])


def test_words_that_the_tokenizer_does_not_know_are_written_too(knowing, editor):
    fact = replace(facts()[0], subject="Ωmega 山", new="ß")
    (before,) = scores(knowing, [fact])
    with knowing.edited([editor.edit([fact])]):
        (after,) = scores(knowing, [fact])
    assert after.efficacy.difference > before.efficacy.difference
