"""A small language model that holds some facts: a random one, with an edit in its weights."""

from __future__ import annotations

import random
from pathlib import Path

import torch

import inscape
from inscape.facts import EditSettings, Fact, FactEditor, Neighbour, TargetSettings
from inscape.models import write_model
from inscape.models.language import LanguageModel
from small_language import trained_tokenizer, twin, write_gguf

WORDS = ("the", "tower", "city", "of", "Rome", "Italy", "stands", "in", "and", "river", "runs", "it")
PLACES = {"the river": "the", "a tower": "city", "my city": "tower"}
PROMPT = "two spaces and {}"
SETTINGS = EditSettings(blocks=(0,), targets=TargetSettings(rate=0.3))


def texts(count: int = 80) -> list[str]:
    """Texts of random words: more tokens than a key has numbers."""
    drawn = random.Random(0)
    return [" ".join(drawn.choices(WORDS, k=15)) for _ in range(count)]


def facts() -> list[Fact]:
    """What it holds, with neighbours of each other.

    The object follows the subject at once, so that even a network that has learned nothing can be edited.
    """
    made = []
    for subject, place in PLACES.items():
        others = [other for other in PLACES if other != subject]
        made.append(
            Fact(
                prompt=PROMPT,
                subject=subject,
                true=place,
                new=PLACES[others[0]],
                relation="city",
                paraphrases=(f"it stands in the city of {subject}",),
                neighbours=tuple(Neighbour(PROMPT.format(other), PLACES[other]) for other in others),
                starts=(f"{subject} runs",),
            )
        )
    return made


def write_knowing(folder: Path, family: str = "llama") -> Path:
    """Write such a model as GGUF."""
    network = twin(family)
    with torch.no_grad():
        network.get_input_embeddings().weight.mul_(8)  # so that it is sure of some words
    path = write_gguf(folder / "random.gguf", network, tokenizer=trained_tokenizer())
    model = inscape.open(path, device="cpu")
    assert isinstance(model, LanguageModel)
    taught = [Fact(fact.prompt, fact.subject, new=fact.true) for fact in facts()]
    settings = EditSettings("memit", (0,), ridge=0.0, targets=SETTINGS.targets)
    edit = FactEditor(model, settings, texts=texts()).edit(taught)
    with model.edited([edit]):
        return write_model(model, folder / f"{family}.gguf").path
