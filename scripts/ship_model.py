"""Ship what a run has learned: `python scripts/ship_model.py RUN [NAME]`.

Of a generator, it writes the zoo's model, and what training goes on from; with `--state` the latter alone.
The report and the painted example of the model that was there before no longer fit and go with it: run
`scripts/ship_report.py` and `scripts/choose_example.py` next. Nor does its encoder: train one with
`inscape train NAME-encoder`, and ship it with `python scripts/ship_model.py RUN NAME-encoder`.

Of a classifier, it writes the zoo's model, and with `--moments` the moments of its training to
`checkpoints/`. With `--kept`, the classifier itself goes to `checkpoints/` and does not ship.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from inscape.models import Card, open_model
from inscape.models.weights import weights_hash
from inscape.training._gan_start import KEPT
from inscape.training.export import export_classifier, export_encoder, export_generator, keep_training

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Export a run of training a generator, an encoder or a classifier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder that `inscape train` wrote")
    parser.add_argument("name", nargs="?", default="town")
    parser.add_argument("--state", action="store_true", help="keep what training goes on from, ship nothing")
    parser.add_argument("--moments", action="store_true", help="of a classifier: also keep its moments")
    parser.add_argument("--kept", action="store_true", help="of a classifier: keep it, ship nothing")
    arguments = parser.parse_args()
    model = ROOT / "src" / "inscape" / "models" / "zoo" / arguments.name
    if arguments.name.endswith("-encoder"):
        print(export_encoder(arguments.run, model))
        return
    if "-classifier" in arguments.name:
        beside = ROOT / "checkpoints" / arguments.name
        moments = beside / "moments" if arguments.moments else None
        print(export_classifier(arguments.run, beside if arguments.kept else model, moments=moments))
        return
    kept = ROOT / "checkpoints" / arguments.name / KEPT
    if arguments.state:
        print(keep_training(arguments.run, kept))
        return
    distances, before = arguments.run / "distance.jsonl", open_model(arguments.name)
    exported = export_generator(arguments.run, model, kept=kept, distances=distances)
    version = before.card.version or 1
    former = {**before.card.former, weights_hash(before.module): version}
    card = Card.read(model / "card.json").model_copy(update={"version": version + 1, "former": former})
    card.write(model / "card.json")
    print(f"{exported.model}: half precision changes pixels by at most {exported.grey_levels} grey levels")


if __name__ == "__main__":
    main()
