"""`inscape models`: the shipped models and their layers."""

from __future__ import annotations

from typing import Any

from inscape.cli.common import Json, emit


def models(json: Json = False) -> None:
    """List the shipped models, their layers and their concepts."""
    from inscape.models import card, names

    rows = [describe(card(name)) for name in names()]
    lines = []
    for row in rows:
        lines.append(
            f"{row['name']}: {row['kind']}, {row['image_size']} px, {row['parameters']:,} parameters"
        )
        lines += [
            f"  {layer['name']:<10} {layer['units']:>4} units  {layer['size']:>3} × {layer['size']}"
            + ("  (default)" if layer["name"] == row["default_layer"] else "")
            for layer in row["layers"]
        ]
    emit({"models": rows}, json, "\n".join(lines))


def describe(card: Any) -> dict[str, Any]:
    """What `--json` holds of a card."""
    return {
        "name": card.name,
        "kind": card.kind,
        "layers": [{"name": layer.name, "units": layer.units, "size": layer.size} for layer in card.layers],
        "default_layer": card.default_layer,
        "image_size": card.image_size,
        "parameters": card.parameters,
        "concepts": list(card.vocabulary.names),
    }
