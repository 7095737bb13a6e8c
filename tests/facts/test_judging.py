"""Judging edits of facts: preferences, means with intervals, fluency and perplexity."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import inscape
from facts.small_facts import facts, texts, write_knowing
from inscape.cli.main import run
from inscape.editing import load_edit
from inscape.errors import FormatError, ValueRangeError
from inscape.facts import (
    FactSet,
    Texts,
    entropy,
    judge_facts,
    perplexity,
    read_texts,
    scores,
    shipped_texts,
    summarized,
    write_facts,
    written_entropy,
)
from inscape.facts.judging import FactScores, Preference
from inscape.models.language import LanguageModel

pytest.importorskip("gguf", reason="gguf is not installed (extra 'facts')")
pytest.importorskip("transformers", reason="transformers is not installed (extra 'hub')")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_knowing(tmp_path_factory.mktemp("judged"))


@pytest.fixture(scope="module")
def knowing(path) -> LanguageModel:
    opened = inscape.open(path, device="cpu")
    assert isinstance(opened, LanguageModel)
    return opened


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Texts of one's own, as a file."""
    file = tmp_path_factory.mktemp("words") / "words.txt"
    file.write_text("\n\n".join(texts()))
    return file


def log_probability(model: LanguageModel, prompt: str, wanted: str) -> float:
    """The mean over the tokens of an object, one pass each."""
    tokens, first = model.encode(f"{prompt} {wanted}").tokens, len(model.encode(prompt).tokens)
    found = []
    for place in range(first, len(tokens)):
        with torch.inference_mode():
            logs = model.module(torch.tensor([tokens[:place]]))[0, -1].log_softmax(-1)
        found.append(float(logs[tokens[place]]))
    return float(np.mean(found))


def test_preferences_are_those_of_each_prompt_alone(knowing):
    asked = [facts()[0], replace(facts()[1], new="city the"), replace(facts()[2], neighbours=())]
    for fact, found in zip(asked, scores(knowing, asked), strict=True):
        kinds = {
            "efficacy": [(fact.text, fact.new, fact.true)],
            "paraphrase": [(text, fact.new, fact.true) for text in fact.paraphrases],
            "neighbourhood": [
                (near.prompt, near.true, fact.new) for near in fact.neighbours if near.true != fact.new
            ],
        }
        for name, prompts in kinds.items():
            got = getattr(found, name)
            if not prompts:
                assert got is None
                continue
            logs = np.array([[log_probability(knowing, p, o) for o in (a, b)] for p, a, b in prompts])
            assert got.share == (logs[:, 0] > logs[:, 1]).mean()
            assert got.difference == pytest.approx((np.exp(logs) @ [1, -1]).mean(), abs=1e-4)
    assert found.neighbourhood is None and found.efficacy.share == 0


def test_means_have_intervals_and_a_harmonic_mean():
    drawn = np.random.RandomState(1)
    found = [
        FactScores(
            Preference(float(drawn.rand() < 0.9), 0.5),
            Preference(float(drawn.rand() < 0.6), -0.25) if number % 2 else None,
            Preference(drawn.randint(11) / 10, 0.1),
        )
        for number in range(200)
    ]
    judged = summarized(found)
    means = [judged.efficacy.mean, judged.paraphrase.mean, judged.neighbourhood.mean]
    assert judged.score == pytest.approx(3 / sum(1 / mean for mean in means))
    assert judged.paraphrase.difference == -0.25 and judged.facts == 200
    for part, spread, count in ((judged.efficacy, 0.3, 200), (judged.paraphrase, 0.49, 100)):
        low, high = part.interval
        assert low < part.mean < high
        assert (high - low) == pytest.approx(2 * 1.96 * spread / count**0.5, rel=0.25)
    assert judged.interval[0] < judged.score < judged.interval[1]
    without = summarized([replace(each, paraphrase=None) for each in found])
    assert without.paraphrase.mean is None and without.to_json()["intervals"]["paraphrase"] is None
    assert without.score == pytest.approx(2 / (1 / means[0] + 1 / means[2]))


def test_entropy_counts_pairs_and_triples():
    assert entropy("a a a a a a") == 0
    assert entropy("a b c d e") == pytest.approx((2 / 3 * math.log2(4) + 4 / 3 * math.log2(3)) / 2)
    assert entropy("The cat sat. The cat ran!") < entropy("The cat sat. A dog ran!")
    assert entropy("") == 0


def test_perplexity_and_written_entropy_of_a_model(knowing):
    ids = [knowing.encode(text).tokens for text in texts(3)]
    logs = []
    for row in ids:
        with torch.inference_mode():
            out = knowing.module(torch.tensor([row]))[0].log_softmax(-1)
        logs += [float(out[place, row[place + 1]]) for place in range(len(row) - 1)]
    assert perplexity(knowing, texts(3)) == pytest.approx(math.exp(-np.mean(logs)), rel=1e-4)
    starts = [fact.starts[0] for fact in facts()]
    written = knowing.continued(starts, 12, temperature=1.0, top=5)
    assert written_entropy(knowing, starts, 12) == pytest.approx(
        np.mean([entropy(start + text) for start, text in zip(starts, written, strict=True)])
    )
    assert knowing.continued(starts, 5, temperature=1.0, top=1) == knowing.continued(starts, 5)
    with pytest.raises(ValueRangeError, match="there are none"):
        written_entropy(knowing, [])
    with pytest.raises(ValueRangeError, match="at least two tokens"):
        perplexity(knowing, ["t"])
    with pytest.raises(ValueRangeError, match="at least one fact, got none"):
        scores(knowing, [])
    with pytest.raises(ValueRangeError, match="at least 1 of the most probable, got 0"):
        knowing.continued(starts, 5, top=0)


def test_texts_ship_with_their_licence_and_ones_own_are_read(tmp_path):
    shipped = shipped_texts()
    assert "CC BY 4.0" in shipped.licence and "WordNet" in shipped.source
    assert not set(shipped.documents) & set(shipped.others)
    assert shipped.about("China").startswith("China: ") and shipped.about("nobody") is None
    file = tmp_path / "own.txt"
    file.write_text("one\ntwo\n\n\n three \n")
    assert read_texts(file) == ("one two", "three")
    file.write_text(" \n\n")
    with pytest.raises(ValueRangeError, match="must hold text, and is empty"):
        read_texts(file)


def test_the_commands_edit_judge_and_apply(path, words, tmp_path, capsys):
    made = write_facts(tmp_path / "facts.json", FactSet(tuple(facts())))
    edit, out = tmp_path / "one.edit.safetensors", tmp_path / "edited.gguf"
    fact = facts()[0]

    def document(*arguments: object) -> dict:
        assert run([str(each) for each in arguments] + ["--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    options = ["--layers", "blocks.0.mlp", "--text", words, "--out", edit]
    asked = ["--prompt", fact.text, "--subject", fact.subject, "--target", fact.new]
    found = document("fact", "edit", path, *asked, *options)
    assert found["edit"] == str(edit) and found["method"] == "rome" and found["layers"] == ["blocks.0.mlp"]
    assert found["before"][fact.text][0][0] == f" {fact.true}" and found["seconds"] > 0
    assert found["after"][fact.text][0][0] == f" {fact.new}"

    judged = document("fact", "judge", path, "--facts", made, "--edit", edit, "--length", "8")
    assert judged["facts"] == 1 and judged["missed"] == 0
    assert judged["efficacy"] == 1 and judged["before"]["efficacy"] == 0
    assert {"paraphrase", "neighbourhood", "score", "entropy", "perplexity", "intervals"} <= judged.keys()
    whole = document("fact", "judge", path, "--facts", made, "--count", "2", "--length", "0")
    assert whole["facts"] == 2 and whole["efficacy"] == whole["before"]["efficacy"] == 0
    assert whole["entropy"] is None

    assert document("apply", path, edit, "--out", out)["format"] == "gguf"
    again, model = inscape.open(out, device="cpu"), inscape.open(path, device="cpu")
    with model.edited([load_edit(edit)]):
        assert torch.equal(again.next([fact.text]), model.next([fact.text]))
    many = document("fact", "edit", path, "--facts", made, "--method", "memit", *options)
    assert len(many["after"]) == 3
    assert all(many["after"][each.text][0][0] == f" {each.new}" for each in facts())
    assert run(["fact", "edit", str(path), "--prompt", "a", "--out", str(edit)]) == 2
    assert "--prompt, --subject and --target" in capsys.readouterr().err


def test_judging_follows_the_edit_and_refuses_facts_that_lack_an_object(knowing, tmp_path):
    own = Texts((), tuple(texts(2)), {"the river": "the river runs through Italy and the city"})
    judged = judge_facts(knowing, facts()[:1], length=4, texts=own)
    assert judged.before == judged.after and judged.after.subjects > 1 and judged.after.others > 1
    with pytest.raises(ValueRangeError, match="no new object to judge"):
        scores(knowing, [replace(facts()[0], new="")])
    with pytest.raises(ValueRangeError, match="has no true object"):
        scores(knowing, [replace(facts()[0], true="")])
    (tmp_path / "no.json").write_text("{}")
    with pytest.raises(FormatError, match="is no fact"):
        inscape.verbs._facts.facts_of(str(tmp_path / "no.json"))
