"""`inscape models`: what can be opened by name, and its layers."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.models import Card
    from inscape.progress import Progress

_NUMBER = re.compile(r"(?<=\.)\d+")
_TITLES = {
    "shipped": "",
    "plug-in": "of a plug-in",
    "studio": "opened in the studio",
    "cache": "opened before, converted in the cache",
}


@dataclass(frozen=True)
class ModelsRequest(Request):
    """List the models that can be opened by name, and their layers.

    Shipped models come first, then models of plug-ins, then checkpoints that were opened before. The other
    verbs take the name as MODEL. The name of a checkpoint is its path.
    """


@dataclass(frozen=True)
class LayerRow:
    """A layer of a model.

    Args:
        name: What the other verbs take as --layer.
        units: How many it has.
        size: Height and width of its maps; null in a language model, and 0 elsewhere where it has none.
        axes: What the dimensions of its output are.
    """

    name: str
    units: int
    size: int | None
    axes: tuple[str, ...]


@dataclass(frozen=True)
class ModelRow:
    """A model, as its card describes it.

    Args:
        name: What the other verbs take as MODEL.
        kind: generator, classifier, language or encoder.
        layers: In order.
        default_layer: Where a verb looks unless told otherwise.
        image_size: In pixels; null where it has none.
        parameters: How many.
        concepts: Names that its dissection or its own output uses; null for a language model.
        classes: How many; null for a language model.
        origin: shipped, plug-in, studio or cache.
    """

    name: str
    kind: str
    layers: tuple[LayerRow, ...]
    default_layer: str | None
    image_size: int | None
    parameters: int
    concepts: tuple[str, ...] | None
    classes: int | None
    origin: str

    @classmethod
    def of(cls, name: str, card: Card, origin: str) -> ModelRow:
        """What a card says."""
        words = card.kind == "language"
        layers = (
            LayerRow(layer.name, layer.units, None if words else layer.size, layer.axes)
            for layer in card.layers
        )
        classes = card.latent.get("c_dim", 0) if card.kind == "generator" else len(card.classes)
        return cls(
            name=name,
            kind=card.kind,
            layers=tuple(layers),
            default_layer=card.default_layer,
            image_size=card.image_size,
            parameters=card.parameters,
            concepts=None if words else tuple(card.vocabulary.names),
            classes=None if words else classes,
            origin=origin,
        )

    def lines(self) -> list[str]:
        """What a person reads."""
        facts = [
            self.kind,
            f"{self.image_size} px" if self.image_size else "",
            f"{self.classes} classes" if self.classes else "",
            f"{self.parameters:,} parameters",
            _TITLES[self.origin],
        ]
        rows = [(layer.name, layer) for layer in self.layers] if self.concepts is not None else self._folded()
        width = max((len(name) for name, _ in rows), default=0)
        default = {self.default_layer: "  (default)"}
        return [
            f"{self.name}: {', '.join(fact for fact in facts if fact)}",
            *(
                f"  {name:<{max(width, 10)}} {layer.units:>5} units"
                + (f"  {layer.size:>4} × {layer.size}" if layer.size else "")
                + default.get(name, "")
                for name, layer in rows
            ),
            *([f"  default: {self.default_layer}"] if self.concepts is None and self.default_layer else []),
        ]

    def _folded(self) -> list[tuple[str, LayerRow]]:
        """The layers of a language model: those that differ in the number of the block alone as one."""
        groups: dict[tuple[str, int], list[LayerRow]] = {}
        for layer in self.layers:
            groups.setdefault((_NUMBER.sub("{}", layer.name, count=1), layer.units), []).append(layer)
        folded = []
        for (pattern, _), held in groups.items():
            ends = [_NUMBER.findall(layer.name)[:1] for layer in (held[0], held[-1])]
            name = pattern.format(f"{{{ends[0][0]}-{ends[1][0]}}}") if len(held) > 1 else held[0].name
            folded.append((name, held[0]))
        return folded


@dataclass(frozen=True)
class ModelsResult:
    """The models, in the order in which they are listed."""

    models: tuple[ModelRow, ...]

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"models": [asdict(row) for row in self.models]}

    def text(self) -> str:
        """What a person reads."""
        return "\n".join(line for row in self.models for line in row.lines())


def run(request: ModelsRequest, progress: Progress) -> ModelsResult:
    """List the models."""
    from inscape.models.catalogue import catalogue

    return ModelsResult(tuple(ModelRow.of(each.name, each.card, each.origin) for each in catalogue()))
