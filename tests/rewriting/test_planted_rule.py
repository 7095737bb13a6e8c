from __future__ import annotations

import numpy as np
import pytest
import torch

from inscape.audits import Audit, advise, rewritable_layers
from inscape.errors import ConceptError, FormatError, ValueRangeError
from inscape.rewriting import KeyBank, Rewriter, RuleSettings, Task, memory_of, prepare_task, rewrite
from planted_rules import VOCABULARY, ColourSegmenter, planted_painter

TASK = """
name = "domes become trees"
layer = "colour"
seeds = 60
[context]
concept = "dome"
[goal]
concept = "tree"
[settings]
ridge = 1e-4
samples = 100
"""


@pytest.fixture(scope="module")
def model():
    return planted_painter()


@pytest.fixture(scope="module")
def audit(model):
    return Audit(model, ColourSegmenter(), images=40)


def task_of(text, tmp_path):
    path = tmp_path / "task.toml"
    path.write_text(text)
    return Task.load(path)


def test_a_planted_rule_is_reached_and_leaks_nothing(model, audit, tmp_path):
    task = task_of(TASK, tmp_path)
    prepared = prepare_task(task, model, ColourSegmenter())
    edit = prepared.make(Rewriter(model, "colour", samples=100))
    change = audit.measure([edit], *task.judged)
    assert change.reach > 0.97 and change.leak < 0.005
    assert change.reach_interval[0] <= change.reach <= change.reach_interval[1]
    assert change.pictures == 40 and change.with_context > 35
    assert edit.name == "domes become trees" and edit.made["settings"]["ridge"] == 1e-4


def test_the_model_itself_reaches_and_leaks_nothing(model, audit):
    change = audit.measure([], "dome", "tree")
    assert change.reach == change.leak == change.harmonic == 0


def test_whatever_draws_can_be_measured(model, audit):
    change = audit.measure(lambda w: -torch.ones(len(w), 3, 24, 24), "dome", None)
    assert change.reach == 1 and 0 < change.leak < 0.5


def test_what_is_erased_is_the_context_no_more(model, audit, tmp_path):
    text = TASK.replace('concept = "tree"', "erase = 1").replace("domes become trees", "no domes")
    task = task_of(text, tmp_path)
    assert task.judged == ("dome", None)
    edit = prepare_task(task, model, ColourSegmenter()).make(Rewriter(model, "colour", samples=100))
    change = audit.measure([edit], *task.judged)
    assert change.reach > 0.97 and change.leak < 0.005


def test_a_protected_kind_stays(model, audit, tmp_path):
    prepared = prepare_task(task_of(TASK, tmp_path), model, ColourSegmenter())
    rewriter = Rewriter(model, "colour", samples=100)
    found = prepare_task(
        task_of(TASK.replace('concept = "dome"', 'concept = "spire"'), tmp_path), model, ColourSegmenter()
    )
    edit = rewriter.rewrite(
        prepared.context, prepared.paste, RuleSettings(ridge=1e-4, rank=2), protect=found.context
    )
    keys, weights = rewriter.keys(found.context)
    shares = keys[weights > 0.9] @ torch.from_numpy(edit.directions).t()
    assert float(shares.abs().mean()) < 0.05


def test_advice_puts_the_layer_first_in_which_the_rule_works(model, audit, tmp_path):
    task = task_of(TASK, tmp_path)
    make = prepare_task(task, model, ColourSegmenter()).maker(model, samples=100)
    trials = advise(make, audit, task.judged, rewritable_layers(model), (1, 2))
    assert trials[0].layer == "colour"
    assert [trial.change.harmonic for trial in trials] == sorted(
        (trial.change.harmonic for trial in trials), reverse=True
    )


def test_search_finds_the_pictures_that_have_the_context(model):
    rewriter = Rewriter(model, "colour", samples=100)
    segmenter = ColourSegmenter()
    labels = segmenter.segment(model.images(model.to_w(model.latents(range(64)))))[:, 0].numpy()
    dome = VOCABULARY.index("dome")
    from inscape.regions import Region

    keys, weights = rewriter.keys([(seed, Region.from_mask(labels[seed] == dome)) for seed in range(3)])
    bank = KeyBank(rewriter.memory, 64)
    matches = bank.search(rewriter.space.scorer(keys, weights), top=64)
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert matches[0].score == pytest.approx(1, abs=0.5)
    shown = {seed for seed in range(64) if (labels[seed] == dome).sum() > 4}
    first = [match.seed for match in matches[: len(shown)]]
    assert len(shown & set(first)) >= 0.95 * len(shown)
    marked = matches[0].region.mask(24, 24).numpy() > 0.5
    assert (labels[matches[0].seed][marked] == dome).mean() > 0.9
    again = KeyBank(memory_of(model, "colour"), 64)
    assert np.array_equal(again.scores(torch.ones(10)), bank.scores(torch.ones(10)))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("[context", FormatError, "is not TOML"),
        ("[context]\nconcept='dome'", FormatError, "goal: Field required"),
        (TASK.replace('concept = "dome"', "pictures = 3"), FormatError, "a context is a concept, or places"),
        (TASK + "\n[goals]\nerase = 3", FormatError, "goals: Extra inputs"),
        (
            TASK.replace('concept = "tree"', 'concept = "tree"\nerase = 2'),
            FormatError,
            "one of concept, paste",
        ),
        (TASK.replace("ridge = 1e-4", "rigde = 1e-4"), FormatError, "no setting 'rigde'"),
        (TASK.replace("seeds = 60", "seeds = -1"), FormatError, "seeds"),
        (TASK.replace('"dome"', '"house"'), ConceptError, "no concept 'house'"),
    ],
)
def test_a_task_that_cannot_be_meant_is_refused_in_a_sentence(text, error, words, model, tmp_path):
    with pytest.raises(error, match=words):
        prepare_task(task_of(text, tmp_path), model, ColourSegmenter())


class Blank:
    """Draws nothing."""

    def __init__(self, model):
        self.w_of_seeds = model.w_of_seeds

    def images(self, w, edits=()):
        return -torch.ones(len(w), 3, 24, 24)


def test_a_concept_that_is_in_no_picture_is_said(model, audit):
    with pytest.raises(ConceptError, match="no concept 'door'"):
        audit.measure([], "dome", "door")
    with pytest.raises(ConceptError, match="None of the 2 pictures shows 'dome'"):
        Audit(Blank(model), ColourSegmenter(), images=2).measure([], "dome", "tree")
    with pytest.raises(ValueRangeError, match="at least 2"):
        Audit(model, ColourSegmenter(), images=1)


def test_places_can_be_named_in_pixels(model, tmp_path):
    text = """
    [context]
    places = [{seed = 1, box = [2, 2, 8, 8]}]
    [goal]
    paste = [{source = 2, copied = [4, 4, 6, 6], target = 1, place = [2, 2, 8, 8]}]
    """
    task = task_of(text, tmp_path)
    prepared = prepare_task(task, model, None)
    assert prepared.context[0][0] == 1 and task.judged is None
    direct = rewrite(
        model, "colour", context=prepared.context, paste=prepared.paste, settings=RuleSettings(samples=100)
    )
    assert prepared.make(Rewriter(model, "colour", samples=100)).coefficients == pytest.approx(
        direct.coefficients
    )
