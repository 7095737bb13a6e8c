"""`inscape models`: what can be opened by name, and its layers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.models import Card
    from inscape.progress import Progress

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
    """A layer of a model: its name, how many units it has, and its height and width."""

    name: str
    units: int
    size: int


@dataclass(frozen=True)
class ModelRow:
    """A model, as its card describes it.

    Args:
        name: What the other verbs take as MODEL.
        kind: generator, classifier, language or encoder.
        layers: In order.
        default_layer: Where a verb looks unless told otherwise.
        image_size: In pixels; 0 where it has none.
        parameters: How many.
        concepts: Names that its dissection or its own output uses.
        classes: How many.
        origin: shipped, plug-in, studio or cache.
    """

    name: str
    kind: str
    layers: tuple[LayerRow, ...]
    default_layer: str | None
    image_size: int | None
    parameters: int
    concepts: tuple[str, ...]
    classes: int
    origin: str

    @classmethod
    def of(cls, name: str, card: Card, origin: str) -> ModelRow:
        """What a card says."""
        return cls(
            name=name,
            kind=card.kind,
            layers=tuple(LayerRow(layer.name, layer.units, layer.size) for layer in card.layers),
            default_layer=card.default_layer,
            image_size=card.image_size,
            parameters=card.parameters,
            concepts=tuple(card.vocabulary.names),
            classes=card.latent.get("c_dim", 0) if card.kind == "generator" else len(card.classes),
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
        width = max((len(layer.name) for layer in self.layers), default=0)
        return [
            f"{self.name}: {', '.join(fact for fact in facts if fact)}",
            *(
                f"  {layer.name:<{max(width, 10)}} {layer.units:>5} units"
                + (f"  {layer.size:>4} × {layer.size}" if layer.size else "")
                + ("  (default)" if layer.name == self.default_layer else "")
                for layer in self.layers
            ),
        ]


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
