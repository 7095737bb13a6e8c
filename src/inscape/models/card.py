"""Cards: descriptions of models, readable without their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from inscape import storage
from inscape.concepts import Vocabulary
from inscape.errors import FormatError, LayerError, NotFoundError, unknown_name
from inscape.pictures import is_number
from inscape.types import JsonObject

Axis = Literal["unit", "height", "width", "token"]
USUAL_SIZE = 224
"""Height and width of pictures for networks of which no size is known: that of ImageNet's classifiers."""
MAPS: tuple[Axis, ...] = ("unit", "height", "width")
VECTORS: tuple[Axis, ...] = ("unit",)
TOKENS: tuple[Axis, ...] = ("token", "unit")


class Layer(BaseModel):
    """A named place in the forward pass whose output can be read and changed.

    Attributes:
        name: Its name, such as "layer16a".
        units: Number of channels.
        size: Height and width of its output at the model's picture size. 0 if it has none.
        module: Dotted path of the `torch.nn.Module` whose output it is.
        axes: Names of the output's dimensions after the batch. Older cards without axes have maps if there is
            a size, and vectors otherwise.
        call: Number of the call in a forward pass, from 0, if the network calls the module several times. All
            calls unless given.
        input: Whether it is the input of the module: a pooled vector that no module outputs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    units: int = Field(gt=0)
    size: int = Field(ge=0)
    module: str
    axes: tuple[Axis, ...] = Field(default_factory=lambda known: MAPS if known["size"] else VECTORS)
    call: int | None = Field(default=None, ge=0)
    input: bool = False

    @field_validator("axes")
    @classmethod
    def _has_units(cls, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        if axes.count("unit") != 1 or len(set(axes)) != len(axes) or len(axes) > len(MAPS):
            raise ValueError("each axis stands once, and one of them is 'unit'")
        return axes

    @property
    def holder(self) -> str:
        """Dotted path of the module that holds its weights: of a layer's `inside`, the layer around it."""
        return self.module.removesuffix(".inside")


class BlockParts(BaseModel):
    """The layers of a block of a language model, by name.

    Attributes:
        output: The hidden states behind it.
        attention: What its attention adds to them.
        mlp: What its MLP adds to them.
        gate: The MLP's projection that goes through the activation, where another one is multiplied by it.
        up: The MLP's projection from the hidden states.
        neurons: What goes into the projection back.
        down: The MLP's projection back to the hidden states.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    output: str
    attention: str
    mlp: str
    gate: str | None = None
    up: str
    neurons: str
    down: str


class Parts(BaseModel):
    """What the layers of a language model are, so that methods know no family of them.

    Attributes:
        embedding: The layer of the tokens' own vectors.
        blocks: In the order of the forward pass.
        norm: The layer behind the last block, which the words are read off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: str
    blocks: tuple[BlockParts, ...]
    norm: str


class Card(BaseModel):
    """The description of a model.

    Attributes:
        kind: generator, classifier, language or encoder. A segmenter is a classifier of pixels. Networks that
            estimate latents, and picture-text networks, are encoders.
        architecture: Name of the network's architecture (see `building`).
        config: Its sizes.
        layers: In the order of the forward pass.
        parts: For a language model, which layer is what. None where that is not known.
        default_layer: Where dissection and painting start.
        image_size: Height and width of its pictures in pixels.
        latent: For a generator `{"z_dim", "w_dim", "num_ws"}`, and `"c_dim"`, the number of classes, where
            it has some.
        pixel_range: Values of black and white.
        concepts: The vocabulary of its pictures' labels (`Vocabulary.to_json`).
        classes: Names of the classes of a classifier, in the order of its outputs, or of a generator.
        segmenter: Name of a segmenter that fits its pictures.
        encoder: For a generator, name of the encoder that estimates its latents. Older cards have none.
        world: The shipped world that it was trained on. `world_hash` is the hash of that world at the time.
        parameters: Number of weights.
        version: Of its weights: 1, 2 and so on, for what ships. Older cards have none.
        former: Versions that shipped before, by `weights_hash`.
        training: How it was trained, in numbers.
        source: Its origin.
        licence: The licence of its weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    name: str
    kind: Literal["generator", "classifier", "language", "encoder"]
    architecture: str
    config: JsonObject = Field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    parts: Parts | None = None
    default_layer: str | None = None
    image_size: int | None = None
    latent: dict[str, int] = Field(default_factory=dict)
    pixel_range: tuple[float, float] = (-1.0, 1.0)
    concepts: list[JsonObject] = Field(default_factory=list)
    classes: tuple[str, ...] = ()
    segmenter: str | None = None
    encoder: str | None = None
    world: str | None = None
    world_hash: str | None = None
    parameters: int = 0
    version: int | None = None
    former: dict[str, int] = Field(default_factory=dict)
    training: JsonObject = Field(default_factory=dict)
    source: str = ""
    licence: str = ""
    description: str = ""

    @property
    def shown_size(self) -> int:
        """Height and width at which pictures are shown to it: `image_size`, or 224 if it is not known."""
        return self.image_size or USUAL_SIZE

    @property
    def noun(self) -> str:
        """Its kind with an article: "a generator", "an encoder", "a language model"."""
        said = "language model" if self.kind == "language" else self.kind
        return f"{'an' if said == 'encoder' else 'a'} {said}"

    @property
    def vocabulary(self) -> Vocabulary:
        """The concepts of its pictures; empty where none are known."""
        return Vocabulary.from_json(self.concepts)

    def layer(self, name: str) -> Layer:
        """The layer of that name.

        Raises:
            LayerError: There is no such layer; the message suggests near names.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = [layer.name for layer in self.layers]
        raise LayerError(*unknown_name("layer", name, known, where=f"in model {self.name!r}"))

    def class_index(self, name: str) -> int:
        """The number of a class, from its name or its number as text.

        Raises:
            NotFoundError: There is no such class; the message suggests near names.
        """
        if name in self.classes:
            return self.classes.index(name)
        count = self.latent.get("c_dim", len(self.classes))
        if is_number(name) and int(name) < count:
            return int(name)
        if not self.classes:
            known = f"the classes 0 to {count - 1}" if count else "no classes"
            raise NotFoundError(f"Model {self.name!r} has {known}, got {name!r}.")
        raise NotFoundError(*unknown_name("class", name, self.classes, where=f"in model {self.name!r}"))

    def write(self, path: Path | str) -> Path:
        """Write the card as JSON."""
        return storage.write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path | str) -> Card:
        """Read a card.

        Raises:
            FormatError: The file is missing or is not a card.
        """
        return cls.parse(storage.read_json(path), str(path))

    @classmethod
    def parse(cls, value: object, where: str) -> Card:
        """Validate a card.

        Args:
            value: The content of a JSON document.
            where: Named in the error.

        Raises:
            FormatError: It is not a card; the first wrong field is named.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise FormatError(f"{where} is not a model card: {field}: {first['msg']}.") from error
