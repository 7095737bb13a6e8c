"""A small language model that knows some facts, because it was taught them."""

from __future__ import annotations

import random
from pathlib import Path

import inscape
from inscape.facts import EditSettings, Fact, FactEditor, Neighbour, TargetSettings
from inscape.models import write_model
from inscape.models.language import LanguageModel
from small_language import trained_tokenizer, twin, write_gguf

WORDS = "the tower city of Rome Italy stands in and river runs through it two spaces naive".split()
PLACES = {"The river": "Rome", "A tower": "Italy", "My city": "the"}
SETTINGS = EditSettings(blocks=(0,), targets=TargetSettings(steps=60, enough=0.02, most=20.0))


def texts(count: int = 40) -> list[str]:
    """Texts of random words: more tokens than a key has numbers."""
    drawn = random.Random(0)
    return [" ".join(drawn.choices(WORDS, k=30)) for _ in range(count)]


def facts() -> list[Fact]:
    """What it is taught, with neighbours of each other."""
    made = []
    for subject, place in PLACES.items():
        others = [other for other in PLACES if other != subject]
        made.append(
            Fact(
                prompt="{} stands in the city of",
                subject=subject,
                true=place,
                new=PLACES[others[0]],
                relation="city",
                paraphrases=(f"two spaces and {subject} stands in the city of",),
                neighbours=tuple(
                    Neighbour(f"{other} stands in the city of", PLACES[other]) for other in others
                ),
                starts=(f"{subject} runs",),
            )
        )
    return made


def write_knowing(folder: Path, family: str = "llama") -> Path:
    """Write a model as GGUF that holds those facts: a random one with an edit in its weights."""
    path = write_gguf(folder / "random.gguf", twin(family), tokenizer=trained_tokenizer())
    model = inscape.open(path, device="cpu")
    assert isinstance(model, LanguageModel)
    taught = [Fact(fact.prompt, fact.subject, new=fact.true) for fact in facts()]
    settings = EditSettings("memit", (0,), ridge=0.0, targets=SETTINGS.targets)
    edit = FactEditor(model, settings, texts=texts()).edit(taught)
    with model.edited([edit]):
        return write_model(model, folder / f"{family}.gguf").path
