"""Weight edits: a change of one layer's weights in a few directions of its keys.

Rewriting a Deep Generative Model (Bau et al., ECCV 2020, equation 13) changes the weights of a layer by
W ← W + Λ Dᵀ, where the columns of D are directions of keys, the inputs of the layer at one position, and Λ
holds what each direction adds to the output. Keys that are orthogonal to D keep their values.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape.editing._value import EditValue
from inscape.editing.edit_file import write_edit
from inscape.errors import ConflictError, LayerError, RecipeError, ShapeError, ValueRangeError
from inscape.models.weights import replaced, weights_hash
from inscape.reports.html import described
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inscape.models import Layer, Model

_FIELDS = {"kind", "layer", "parameter", "directions", "coefficients", "strength", "swapped", "weights"}
_TEXTS = {"name", "made"}
LARGEST_SCALE = 4.0
"""The largest strength."""
_MOST_NUMBERS = 2**26


@dataclass(frozen=True, eq=False)
class WeightEdit(EditValue):
    """Change the weights of one layer in a few directions of its keys.

    An edit is an immutable value. Two edits with the same content are equal.

    Args:
        layer: Name of the layer.
        parameter: Dotted name of its weights in the network.
        directions: D, `[rank, inputs]`, orthonormal rows.
        coefficients: Λ, `[outputs, rank, height, width]`: the weight of each direction for each output and
            tap. Height and width are those of the kernel, 1 × 1 for a linear layer.
        strength: Factor on the change, from 0 to 4.
        swapped: The weights are stored with inputs before outputs, as those of a transposed convolution.
        weights: `weights_hash` of the network that it was made for; empty for any that it fits.
        name: For display.
        made: Provenance: seeds, masks, solver, settings, loss. It changes nothing.

    Raises:
        ShapeError: Directions and coefficients do not belong together.
        ValueRangeError: A number is not finite, or the strength is out of range.
    """

    layer: str
    parameter: str
    directions: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    strength: float = 1.0
    swapped: bool = False
    weights: str = ""
    name: str = ""
    made: JsonMapping = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every field, and bring it into the form that is saved."""
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused
            directions = np.ascontiguousarray(self.directions, np.float32)
            coefficients = np.ascontiguousarray(self.coefficients, np.float32)
        if directions.ndim != 2 or coefficients.ndim != 4 or coefficients.shape[1] != len(directions):
            raise ShapeError(
                "A weight edit has directions [rank, inputs] and coefficients [outputs, rank, height, "
                f"width], got {list(directions.shape)} and {list(coefficients.shape)}."
            )
        if 0 in (*directions.shape, *coefficients.shape):
            raise ShapeError("A weight edit has at least one direction, input and output.")
        if not (np.isfinite(directions).all() and np.isfinite(coefficients).all()):
            raise ValueRangeError("The numbers of a weight edit are finite.")
        if not 0 <= self.strength <= LARGEST_SCALE:
            raise ValueRangeError(
                f"The strength of a weight edit lies between 0 and {LARGEST_SCALE:g}, got {self.strength}."
            )
        object.__setattr__(self, "directions", directions)
        object.__setattr__(self, "coefficients", coefficients)
        object.__setattr__(self, "strength", float(self.strength))

    def _repr_html_(self) -> str:
        made = {name: value for name, value in self.made.items() if isinstance(value, str | int | float)}
        facts = {"weights": self.parameter, "rank": self.rank, "strength": self.strength}
        return described(f"{self.name or 'Rule'} in {self.layer}", facts | made)

    @property
    def rank(self) -> int:
        """Number of directions that it changes."""
        return len(self.directions)

    def scaled(self, strength: float) -> WeightEdit:
        """The same edit at another strength."""
        return replace(self, strength=strength)

    def transferred(self) -> WeightEdit:
        """The same edit for any network that it fits, not only the one that it was made for."""
        return replace(self, weights="")

    def change(self) -> Float[Tensor, "..."]:
        """The tensor added to the weights at strength 1, with their layout."""
        import torch

        total = torch.einsum(
            "orhw,ri->oihw", torch.from_numpy(self.coefficients), torch.from_numpy(self.directions)
        )
        return total.transpose(0, 1).contiguous() if self.swapped else total

    def check(self, model: Model) -> Layer:
        """Check that the edit fits a model, and return the layer that it changes.

        Raises:
            LayerError: The model has no such layer, or the layer no such weights.
            ShapeError: The weights have another shape.
            ConflictError: It was made for other weights.
        """
        layer = model.layer(self.layer)
        parameter = self._parameter(model)
        outputs, _, *kernel = self.coefficients.shape
        sides = (outputs, self.directions.shape[1])
        expected = (*(sides[::-1] if self.swapped else sides), *kernel)
        shape = tuple(parameter.shape)
        if shape + (1,) * (len(expected) - len(shape)) != expected:
            raise ShapeError(
                f"{self._title} changes weights of shape {list(expected)}; those of this layer of "
                f"{model.name!r} have {list(shape)}."
            )
        if self.weights and self.weights != weights_hash(model.module):
            raise ConflictError(
                f"{self._title} was made for other weights than those of {model.name!r}.",
                "To apply it anyway, pass --transfer (edit.transferred() in Python).",
            )
        return layer

    @property
    def _title(self) -> str:
        """What errors call it."""
        return (
            f"The edit {self.name!r} of layer {self.layer!r}"
            if self.name
            else f"The edit of layer {self.layer!r}"
        )

    def _parameter(self, model: Model) -> nn.Parameter:
        layer = model.layer(self.layer)
        inside = self.parameter == layer.holder or self.parameter.startswith(f"{layer.holder}.")
        try:
            if inside:
                return model.module.get_parameter(self.parameter)
        except AttributeError:
            pass
        raise LayerError(f"Layer {self.layer!r} of {model.name!r} has no weights {self.parameter[:200]!r}.")

    @contextmanager
    def applied(self, model: Model) -> Iterator[None]:
        """Change the weights inside a `with` block, and restore the exact weights afterwards.

        Raises:
            LayerError, ShapeError: The edit does not fit the model.
            ConflictError: It was made for other weights.
        """
        import torch

        self.check(model)
        parameter = self._parameter(model)
        before = parameter.data
        with torch.inference_mode(False), torch.no_grad():
            change = self.change().reshape(before.shape).to(before.device)
            values = (before.float() + self.strength * change).to(before.dtype)
        with replaced(model.module, parameter, values):
            yield

    def save(self, path: Path | str) -> Path:
        """Write it as a file of its own; see `save_edit`."""
        return write_edit(path, *self.parts())

    def parts(self) -> tuple[JsonObject, dict[str, Tensor]]:
        """What a file of its own holds: the description, and the arrays that it leaves out."""
        import torch

        arrays = {"directions": self.directions, "coefficients": self.coefficients}
        description = {name: value for name, value in self.to_json().items() if name not in arrays}
        return description, {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}

    def to_json(self) -> JsonObject:
        """`{kind: "weights", layer, parameter, directions, coefficients, …}`; exact."""
        return {
            "kind": "weights",
            "layer": self.layer,
            "parameter": self.parameter,
            "directions": packed(self.directions),
            "coefficients": packed(self.coefficients),
            "strength": self.strength,
            "swapped": self.swapped,
            "weights": self.weights,
            "name": self.name,
            "made": dict(self.made),
        }

    @classmethod
    def from_json(cls, value: JsonMapping) -> WeightEdit:
        """Read what `to_json` wrote, validating everything.

        Raises:
            RecipeError: A field is missing, unknown, of the wrong kind or out of range.
        """
        document = {"strength": 1.0, "swapped": False, "weights": "", "name": "", "made": {}, **value}
        if differing := sorted(set(document) ^ (_FIELDS | _TEXTS)):
            raise RecipeError(
                f"A weight edit has the fields {', '.join(sorted(_FIELDS | _TEXTS))}; "
                f"{str(differing[0])[:100]!r} is missing or unknown."
            )
        texts = [document[name] for name in ("layer", "parameter", "weights", "name")]
        if not all(isinstance(text, str) and len(text) <= 1000 for text in texts):
            raise RecipeError("Layer, parameter, weights and name of a weight edit are texts.")
        strength, made = document["strength"], document["made"]
        if isinstance(strength, bool) or not isinstance(strength, int | float):
            raise RecipeError("The strength of a weight edit is a number.")
        if not isinstance(document["swapped"], bool) or not isinstance(made, Mapping):
            raise RecipeError("'swapped' of a weight edit is true or false, and 'made' an object.")
        try:
            return cls(
                document["layer"],
                document["parameter"],
                _unpacked(document["directions"]),
                _unpacked(document["coefficients"]),
                strength,
                document["swapped"],
                document["weights"],
                document["name"],
                made,
            )
        except (ShapeError, ValueRangeError) as error:
            raise RecipeError(error.detail, error.hint) from error


def packed(array: NDArray[np.float32]) -> JsonObject:
    """An array as JSON: its shape, and its numbers as deflated bytes in base 64."""
    data = zlib.compress(array.astype("<f4").tobytes(), 1)
    return {"shape": list(array.shape), "data": base64.b64encode(data).decode()}


def _unpacked(value: object) -> NDArray[np.float32]:
    """An array that `packed` wrote.

    Raises:
        RecipeError: It is none, or too large.
    """
    try:
        shape = [int(size) for size in value["shape"]]  # type: ignore[index]
        count = int(np.prod(shape, dtype=np.float64))
        if len(shape) > 4 or min(shape, default=0) < 1 or count > _MOST_NUMBERS:
            raise RecipeError(f"An array of a weight edit holds 1 to {_MOST_NUMBERS} numbers, got {count}.")
        blob = base64.b64decode(value["data"], validate=True)  # type: ignore[index]
        raw = zlib.decompressobj().decompress(blob, 4 * count + 1)
        if len(raw) != 4 * count:
            raise RecipeError(f"An array of shape {shape} must hold {count} numbers, got {len(raw) // 4}.")
    except (TypeError, KeyError, ValueError, OverflowError, binascii.Error, zlib.error) as error:
        raise RecipeError("An array of a weight edit is {shape, data}.") from error
    return np.frombuffer(raw, "<f4").reshape(shape).astype(np.float32)
