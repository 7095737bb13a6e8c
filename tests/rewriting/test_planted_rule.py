from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inscape.audits import PICTURES, Audit, Proposal, advise, rewritable_layers
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
    few = audit.sample(task.judged[0], PICTURES)
    trials = advise(Proposal(make, *task.judged), few, rewritable_layers(model), (1, 2))
    assert trials[0].layer == "colour"
    assert [trial.change.harmonic for trial in trials] == sorted(
        (trial.change.harmonic for trial in trials), reverse=True
    )


def test_a_sample_is_half_of_the_context_and_stands_for_all_pictures(model):
    """A segmenter that sees domes only in the brightest pictures."""

    class Rarely:
        vocabulary = VOCABULARY

        def segment(self, images):
            labels = ColourSegmenter().segment(images)
            labels[labels == dome] = VOCABULARY.index("tree")
            labels[images.mean((1, 2, 3)) > level, 0, :4] = dome
            return labels

    dome = VOCABULARY.index("dome")

    pictures = model.images(model.w_of_seeds(range(4_000_000, 4_000_060))).clamp(-1, 1)
    level = float(pictures.mean((1, 2, 3)).sort().values[53:55].mean())
    whole = Audit(model, Rarely(), images=60)
    part = whole.sample("dome", 12)

    def blackened(w):
        return torch.full_like(model.images(w), -1)

    all_, some = (each.measure(blackened, "dome", None) for each in (whole, part))
    assert 0 < all_.with_context == some.with_context <= 6
    assert (all_.pictures, some.pictures) == (60, 12)
    assert some.reach == all_.reach == 1
    assert 0.05 < all_.leak < 1 and some.leak == pytest.approx(all_.leak, rel=0.1)
    assert whole.sample("dome", 60) is whole
    every = whole.sample("dome", 59).measure(blackened, "dome", None)
    assert (every.pictures, every.with_context) == (59, all_.with_context)
    assert every.leak == pytest.approx(all_.leak, rel=0.02)


def test_of_what_could_be_pasted_that_is_taken_which_looks_like_the_goal(model, tmp_path):
    prepared = prepare_task(task_of(TASK, tmp_path), model, ColourSegmenter())
    choice = prepared.choice
    assert choice is not None and choice.first() == prepared.paste
    assert [len(choice.pastes), choice.count] == [8, 4]
    rewriter = Rewriter(model, "colour", samples=100)
    onto_themselves = [
        replace(each[0], source=each[0].target, copied=each[0].place) for each in choice.pastes
    ]
    mixed = tuple(
        (bad, *good) if number % 2 else (bad, bad)
        for number, (bad, good) in enumerate(zip(onto_themselves, choice.pastes, strict=True))
    )
    chosen = replace(prepared, choice=replace(choice, pastes=mixed)).fitted(rewriter)
    assert chosen.choice is None and len(chosen.paste) == 4
    assert {paste.target for paste in chosen.paste} == {pastes[0].target for pastes in choice.pastes[1::2]}
    assert not set(map(id, chosen.paste)) & set(map(id, onto_themselves))
    goals = [rewriter.goal(paste, prepared.context, prepared.settings) for paste in chosen.paste]
    for paste, goal in zip(chosen.paste, goals, strict=True):
        labels = ColourSegmenter().segment(rewriter.drawn(paste.target, [goal]))[0, 0]
        inside = labels[paste.place.mask(24, 24, image_size=24) > 0]
        assert (inside == VOCABULARY.index("tree")).float().mean() > 0.5


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
        (
            TASK.replace('concept = "dome"', "pictures = 3"),
            FormatError,
            "a context has either a concept or places",
        ),
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


def test_a_task_that_an_editor_on_windows_has_saved_is_the_same_task(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TASK.replace("\n", "\r\n").encode())
    assert Task.load(path) == task_of(TASK, tmp_path)


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
