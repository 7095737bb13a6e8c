"""Ship what a run has learned: `python scripts/ship_model.py RUN [NAME]`.

Of a generator, it writes the zoo's model, and what training goes on from; with `--state` the latter alone.
The report and the painted example of the model that was there before no longer fit and go with it: run
`scripts/ship_report.py` and `scripts/choose_example.py` next. Nor does its encoder: train one with
`inscape train NAME-encoder`, and ship it with `python scripts/ship_model.py RUN NAME-encoder`.

Of an encoder or a segmenter, it writes the zoo's model.

Of a classifier, it writes the zoo's model, and with `--moments` the moments of its training to
`checkpoints/`. With `--kept`, the classifier itself goes to `checkpoints/` and does not ship.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from inscape.models import Card, open_model
from inscape.models.weights import weights_hash
from inscape.training._gan_start import KEPT
from inscape.training.export import (
    export_classifier,
    export_encoder,
    export_generator,
    export_segmenter,
    keep_training,
)

ROOT = Path(__file__).parent.parent


def main(told: Sequence[str] | None = None) -> None:
    """Export a run of training a generator, an encoder, a segmenter or a classifier.

    Args:
        told: The arguments; those of the command line unless given.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder that `inscape train` wrote")
    parser.add_argument("name", nargs="?", default="town")
    parser.add_argument("--state", action="store_true", help="keep what training goes on from, ship nothing")
    parser.add_argument("--moments", action="store_true", help="of a classifier: also keep its moments")
    parser.add_argument("--kept", action="store_true", help="of a classifier: keep it, ship nothing")
    arguments = parser.parse_args(told)
    run, name = arguments.run, arguments.name
    model, beside = ROOT / "src" / "inscape" / "models" / "zoo" / name, ROOT / "checkpoints" / name
    is_classifier, is_part = "-classifier" in name, name.endswith(("-encoder", "-segmenter"))
    if (arguments.kept or arguments.moments) and not is_classifier:
        parser.error(f"--kept and --moments are for classifiers, and {name!r} is none.")
    if arguments.state and (is_classifier or is_part):
        parser.error(f"--state is for generators, and {name!r} is none.")
    if is_classifier:
        moments = beside / "moments" if arguments.moments else None
        print(export_classifier(run, beside if arguments.kept else model, moments=moments))
    elif is_part:
        export = export_encoder if name.endswith("-encoder") else export_segmenter
        print(export(run, model))
        generator = model.parent / name.removesuffix("-encoder")
        if generator != model and (generator / "card.json").exists():
            name_encoder(generator)
    elif arguments.state:
        print(keep_training(run, beside / KEPT))
    else:
        ship_generator(run, model, beside / KEPT)


def ship_generator(run: Path, model: Path, kept: Path) -> None:
    """Write the model of a run over the one that ships, as its next version; version 1 where none ships."""
    version, former = 1, {}
    if (model / "card.json").exists():
        before = open_model(model, device="cpu")
        last = before.card.version or 1
        version, former = last + 1, {**before.card.former, weights_hash(before.module): last}
    exported = export_generator(run, model, kept=kept, distances=run / "distance.jsonl")
    card = Card.read(model / "card.json").model_copy(update={"version": version, "former": former})
    card.write(model / "card.json")
    name_encoder(model)
    print(f"{exported.model}: half precision changes pixels by at most {exported.grey_levels} grey levels")


def name_encoder(generator: Path) -> None:
    """Let the card of a shipped generator name its encoder where that ships, and none where it does not."""
    encoder = f"{generator.name}-encoder"
    ships = (generator.parent / encoder / "card.json").exists()
    card = Card.read(generator / "card.json")
    card.model_copy(update={"encoder": encoder if ships else None}).write(generator / "card.json")


if __name__ == "__main__":
    main()
