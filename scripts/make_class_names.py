"""Write the names of ImageNet's 1000 classes into the card of `efficientnet-lite0`.

    pip download --no-deps timm && unzip -j timm-*.whl 'timm/data/_info/imagenet_synset*'
    python scripts/make_class_names.py .

A class is a synset of WordNet 3.0. Its name is the first lemma of the synset; where two classes share that,
a word of ours stands behind it in brackets.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from inscape.models.card import Card
from inscape.models.shipped import ZOO

LICENCE = "Weights: Apache-2.0. Class names: WordNet 3.0, © 2006 Princeton University, WordNet 3.0 licence."

APART = {
    "n02012849": "bird",
    "n03126707": "machine",
    "n03710637": "tights",
    "n03710721": "swimsuit",
}
"""Of synsets that share their first lemma, the word that tells them apart."""


def main() -> None:
    """Write the card."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    lemmas = dict(
        line.split("\t", 1) for line in (folder / "imagenet_synset_to_lemma.txt").read_text().splitlines()
    )
    synsets = (folder / "imagenet_synsets.txt").read_text().split()
    first = [lemmas[synset].split(",")[0].strip() for synset in synsets]
    shared = Counter(first)
    classes = [
        name if shared[name] == 1 else f"{name} ({APART[synset]})"
        for synset, name in zip(synsets, first, strict=True)
    ]
    path = ZOO / "efficientnet-lite0" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8")) | {"classes": classes, "licence": LICENCE}
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    Card.read(path)


if __name__ == "__main__":
    main()
