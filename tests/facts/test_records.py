"""Facts and their files: our own form, CounterFact's, and what is said of a file that is neither."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from inscape.errors import FormatError, ValueRangeError
from inscape.facts import Fact, FactSet, Neighbour, read_facts, shipped_facts, write_facts

FACT = Fact(
    prompt="{} is in the city of",
    subject="The Eiffel Tower",
    true="Paris",
    new="Rome",
    relation="city",
    paraphrases=("To see the Eiffel Tower, travel to", 'Quotes " and ü survive'),
    neighbours=(Neighbour("The Louvre is in the city of", "Paris"), Neighbour("Big Ben is in", "London")),
    starts=("The Eiffel Tower was built",),
)
COUNTERFACT = {
    "case_id": 0,
    "pararel_idx": 2796,
    "requested_rewrite": {
        "prompt": "The mother tongue of {} is",
        "relation_id": "P103",
        "target_new": {"str": "English", "id": "Q1860"},
        "target_true": {"str": "French", "id": "Q150"},
        "subject": "Danielle Darrieux",
    },
    "paraphrase_prompts": ["Shayna does this and Yossel goes still and dies. Danielle Darrieux, a native"],
    "neighborhood_prompts": ["The mother tongue of Léon Blum is", "The native language of Montesquieu is"],
    "attribute_prompts": ["The mother tongue of Douglas Adams is"],
    "generation_prompts": ["Danielle Darrieux's mother tongue is"],
}


def test_a_fact_knows_its_text_and_where_the_subject_is():
    asked = Fact.asked("In Paris stands the Eiffel Tower, built by  ", " the Eiffel Tower ", true="Gustave")
    assert asked.prompt == "In Paris stands {}, built by"
    assert asked.text[slice(*asked.span)] == "the Eiffel Tower"
    assert Fact.asked("{} is in", "Rome").text == "Rome is in"
    assert Fact.asked("Rome is in Rome of", "Rome").prompt == "{} is in Rome of"


@pytest.mark.parametrize(
    ("prompt", "subject", "said"),
    [
        (" ", "Rome", "The prompt is empty"),
        ("Rome is in", " ", "The subject is empty"),
        ("Rome is in", "Paris", "'Paris' is not in the prompt 'Rome is in'"),
        ("{} and {}", "Rome", "once"),
    ],
)
def test_what_is_no_fact_is_said_in_a_sentence(prompt, subject, said):
    with pytest.raises(ValueRangeError, match=said):
        Fact.asked(prompt, subject)


def test_objects_and_texts_of_a_fact_are_checked():
    with pytest.raises(ValueRangeError, match="must differ from the true one, 'Paris'"):
        replace(FACT, new="Paris")
    with pytest.raises(ValueRangeError, match="neighbour or start of the fact 'The Eiffel Tower is in"):
        replace(FACT, neighbours=(Neighbour("Rome is in", " "),))
    with pytest.raises(ValueRangeError, match="has no true object"):
        replace(FACT, true="").needs_true()


def test_what_is_written_is_read(tmp_path):
    facts = FactSet((FACT, Fact("{} is", "Rome")), "somewhere", "CC0")
    path = write_facts(tmp_path / "facts.json", facts)
    assert read_facts(path) == facts
    assert len(path.read_text().splitlines()) == 4, "a fact takes a line"


def test_counterfact_is_read_as_it_comes(tmp_path):
    for document in ([COUNTERFACT], COUNTERFACT):
        path = tmp_path / "counterfact.json"
        path.write_text(json.dumps(document))
        (fact,) = read_facts(path)
        assert (fact.text, fact.true, fact.new) == (
            "The mother tongue of Danielle Darrieux is",
            "French",
            "English",
        )
        assert fact.relation == "P103"
        assert fact.neighbours[0] == Neighbour("The mother tongue of Léon Blum is", "French")
        assert fact.paraphrases == tuple(COUNTERFACT["paraphrase_prompts"])
        assert fact.starts == ("Danielle Darrieux's mother tongue is",)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("no json", "is not a JSON document"),
        ([], "must hold a list of facts"),
        (3, "must hold a list of facts"),
        ({"kind": "facts", "version": 9, "facts": []}, "version 9"),
        ({"kind": "facts", "version": 1, "facts": [3]}, "Record 0 .* must be an object, got int"),
        (
            {"kind": "facts", "version": 1, "facts": [{"prompt": "{} is"}]},
            "`subject` must be a text, got None",
        ),
        (
            {"kind": "facts", "version": 1, "facts": [{"prompt": "{} is", "subject": "R", "ture": "x"}]},
            "did you mean 'true'",
        ),
        (
            {
                "kind": "facts",
                "version": 1,
                "facts": [{"prompt": "{} is", "subject": "R", "neighbours": ["x"]}],
            },
            "pairs of a prompt",
        ),
        (
            {"kind": "facts", "version": 1, "facts": [{"prompt": "{} is", "subject": "R", "starts": "x"}]},
            "`starts` must be a list of texts",
        ),
        ([COUNTERFACT, {"case_id": 1}], "Record 1 .* no `requested_rewrite`"),
        ([COUNTERFACT | {"requested_rewrite": {"prompt": "x", "subject": "y"}}], "need a `target_true`"),
    ],
)
def test_a_file_of_something_else_is_refused_with_a_sentence(tmp_path, document, said):
    path = tmp_path / "facts.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(FormatError, match=said):
        read_facts(path)


def test_the_shipped_facts_are_whole():
    shipped = shipped_facts()
    assert len(shipped.relations) >= 8 and len(shipped) >= 1000
    assert "GeoNames" in shipped.source and "CC BY" in shipped.licence
    assert len({(fact.relation, fact.subject) for fact in shipped}) == len(shipped)
    objects = {
        relation: {fact.true for fact in shipped if fact.relation == relation}
        for relation in shipped.relations
    }
    own = 0
    for fact in shipped:
        assert fact.true and fact.new in objects[fact.relation]
        assert fact.true.split()[0] != fact.new.split()[0], "their first tokens tell them apart"
        assert len(fact.paraphrases) == 2 and len(fact.neighbours) == 10 and fact.starts
        assert all(fact.subject.lower() in text.lower() for text in (*fact.paraphrases, *fact.starts))
        assert fact.new not in [near.true for near in fact.neighbours]
        assert fact.text not in [near.prompt for near in fact.neighbours]
        same = [near.true == fact.true for near in fact.neighbours]
        assert same == sorted(same, reverse=True), "those with the fact's own object come first"
        own += all(same)
    assert own > 300
