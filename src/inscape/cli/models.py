"""`inscape models`: what can be opened by name, and its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inscape.cli.common import Json, emit

if TYPE_CHECKING:
    from inscape.models import Card

_TITLES = {
    "shipped": "",
    "plug-in": "of a plug-in",
    "studio": "opened in the studio",
    "cache": "opened before, converted in the cache",
}


def models(json: Json = False) -> None:
    """List the shipped models, those of plug-ins, and checkpoints that were opened before.

    The name of each is what the other verbs take as MODEL; that of a checkpoint is its path.
    """
    from inscape.models.catalogue import catalogue

    rows = [{**describe(each.name, each.card), "origin": each.origin} for each in catalogue()]
    emit({"models": rows}, json, "\n".join(line for row in rows for line in _lines(row)))


def describe(name: str, card: Card) -> dict[str, Any]:
    """What `--json` holds of a model."""
    return {
        "name": name,
        "kind": card.kind,
        "layers": [{"name": layer.name, "units": layer.units, "size": layer.size} for layer in card.layers],
        "default_layer": card.default_layer,
        "image_size": card.image_size,
        "parameters": card.parameters,
        "concepts": list(card.vocabulary.names),
        "classes": card.latent.get("c_dim", 0) if card.kind == "generator" else len(card.classes),
    }


def _lines(row: dict[str, Any]) -> list[str]:
    """What a person reads of a model."""
    facts = [
        row["kind"],
        f"{row['image_size']} px" if row["image_size"] else "",
        f"{row['classes']} classes" if row["classes"] else "",
        f"{row['parameters']:,} parameters",
        _TITLES[row["origin"]],
    ]
    width = max((len(layer["name"]) for layer in row["layers"]), default=0)
    return [
        f"{row['name']}: {', '.join(fact for fact in facts if fact)}",
        *(
            f"  {layer['name']:<{max(width, 10)}} {layer['units']:>5} units"
            + (f"  {layer['size']:>4} × {layer['size']}" if layer["size"] else "")
            + ("  (default)" if layer["name"] == row["default_layer"] else "")
            for layer in row["layers"]
        ),
    ]
