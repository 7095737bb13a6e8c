"""Unit edits: set channels of a layer to values inside a region.

GAN Dissection (Bau et al., ICLR 2019, equation 4) forces the units U at the places P of a feature map r to
a value k and leaves everything else alone: r = f_gen(r_{U,P} ← k, rest). Here the places have soft borders:

    features[U] ← (1 − α) · features[U] + α · k,    α = strength × region

with the region averaged over the area of each cell of the layer's own grid. A brush that was learned adds
instead, so that what stands there takes part: features[U] ← features[U] + α · k.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from inscape.editing._value import EditValue
from inscape.errors import (
    FormatError,
    InscapeError,
    RecipeError,
    RegionError,
    ShapeError,
    UnitError,
    ValueRangeError,
)
from inscape.models.card import MAPS
from inscape.regions import Region
from inscape.reports.html import described
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Layer, Model
    from inscape.models.card import Axis

_FIELDS = {"kind", "layer", "units", "values", "region", "strength", "mode", "concept"}

Mode: TypeAlias = Literal["draw", "add", "remove"]
"""What an edit does with units; see `UnitEdit`."""

LARGEST_EDIT = 65_536
"""The most units that one edit may name."""


@dataclass(frozen=True, eq=False)
class UnitEdit(EditValue):
    """Draw with units of a layer, or switch them off, inside a region.

    An edit is an immutable value. Two edits with the same content are equal. The saved edit is exactly the
    applied one, because masks have 8-bit weights from the start.

    Args:
        layer: Name of the layer.
        units: Channels, counted from 0, each once.
        values: Value of each unit where the region is 1, or what is added to it there. Drawing and adding
            need them; removing uses 0.
        region: Where; the whole picture unless given.
        strength: From 0 (nothing changes) to 1.
        mode: "draw" moves units towards `values`, "add" adds `values`, "remove" moves units towards 0, as GAN
            Dissection switches a unit off. Behind a leaky ReLU a unit may rest below 0; 0 is still what every
            later layer ignores.
        concept: The concept of the units, for display. It changes nothing.

    Raises:
        UnitError: A unit is named twice, is negative, or none is named.
        ShapeError: There are not as many values as units.
        ValueRangeError: The strength or a value is out of range, or the mode is unknown.
    """

    layer: str
    units: tuple[int, ...]
    values: NDArray[np.float32] | None = None
    region: Region = field(default_factory=Region.everywhere)
    strength: float = 1.0
    mode: Mode = "draw"
    concept: str = ""
    _masks: dict[object, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check every field, and bring it into the form that is saved."""
        units = tuple(int(unit) for unit in self.units)
        removing = self.mode == "remove"
        given = () if self.values is None else self.values
        with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused
            values = np.zeros(len(units), np.float32) if removing else np.asarray(given, np.float32)
        _check_units(units)
        _check_numbers(self, units, values)
        object.__setattr__(self, "units", units)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "strength", float(self.strength))
        object.__setattr__(self, "region", _as_saved(self.region))

    def _repr_html_(self) -> str:
        done = {"draw": "drawn", "add": "added to", "remove": "switched off"}[self.mode]
        shown = ", ".join(map(str, self.units[:20])) + (", …" if len(self.units) > 20 else "")
        facts = {"units": shown, "concept": self.concept, "strength": self.strength}
        return described(f"{len(self.units)} units of {self.layer}, {done}", facts)

    @property
    def targets(self) -> NDArray[np.float32]:
        """What each unit becomes, or is raised by, where the region is 1; 0 when units are removed."""
        assert self.values is not None
        return self.values

    def weights(
        self, height: int, width: int, image_size: int | tuple[int, int] | None = None
    ) -> Float[Tensor, "{height} {width}"]:
        """The blend factor α of each cell of a layer, from 0 to 1.

        Args:
            height: Rows of the layer's grid.
            width: Columns of the layer's grid.
            image_size: Size of the picture in pixels; regions that are boxes need it.

        Raises:
            RegionError: The region lies outside the picture.
        """
        place = (height, width, image_size)
        if place not in self._masks:
            self._masks[place] = self.region.mask(height, width, image_size=image_size) * self.strength
        return self._masks[place]

    def transform(
        self,
        features: Float[Tensor, "batch ..."],
        image_size: int | tuple[int, int] | None = None,
        axes: Sequence[Axis] = MAPS,
    ) -> Float[Tensor, "batch ..."]:
        """A copy of the features with this edit applied.

        Args:
            features: Output of the layer; where it has units alone, they count as a grid of one cell.
            image_size: Size of the picture in pixels; regions that are boxes need it.
            axes: Those of the layer.

        Raises:
            ShapeError: The features have other axes.
            UnitError: The layer has fewer units than the edit names.
            RegionError: The region lies outside the picture.
        """
        import torch

        from inscape.activations import as_maps

        maps, result = as_maps(features, axes), features.clone()
        self._check_range(maps.shape[1])
        alpha = self.weights(maps.shape[2], maps.shape[3], image_size).to(features)
        index = torch.tensor(self.units, device=features.device)
        target = torch.from_numpy(self.targets).to(features)[:, None, None]
        chosen = maps[:, index]
        if self.mode == "add":
            changed = chosen + alpha * target
        else:
            changed = torch.lerp(chosen, target.expand_as(chosen), alpha.expand_as(chosen))
        as_maps(result, axes)[:, index] = changed
        return result

    @contextmanager
    def applied(self, model: Model) -> Iterator[None]:
        """Change the output of the layer inside a `with` block, and restore the model afterwards.

        Raises:
            LayerError: The model has no such layer.
            UnitError: The layer has fewer units than the edit names.
            RegionError: The region lies outside the model's pictures.
        """
        from inscape.activations import edited

        layer = self.check(model)
        size = model.card.image_size
        with edited(model, layer.name, lambda features: self.transform(features, size, layer.axes)):
            yield

    def check(self, model: Model) -> Layer:
        """Check that the edit fits a model, and return the layer that it changes.

        Raises:
            LayerError: The model has no such layer.
            UnitError: The layer has fewer units than the edit names.
            RegionError: The region lies outside the model's pictures, or the layer is of tokens.
        """
        layer = model.layer(self.layer)
        self._check_range(layer.units)
        everywhere = self.region.values is not None and self.region.values.size == 1
        if "token" in layer.axes and not everywhere:
            raise RegionError(
                f"Layer {layer.name!r} of {model.name!r} has tokens, and no height and width for a region.",
                "Leave the region out: the edit is made at every token.",
            )
        if layer.size:
            self.weights(layer.size, layer.size, model.card.image_size)
        return layer

    def _check_range(self, count: int) -> None:
        if max(self.units) >= count:
            outside = [unit for unit in self.units if unit >= count]
            raise UnitError(
                f"Layer {self.layer!r} has units 0 to {count - 1}, got {', '.join(map(str, outside[:5]))}.",
                "The command `inscape models --json` lists layers and their units.",
            )

    def parts(self) -> tuple[JsonObject, dict[str, Tensor]]:
        """What a file of its own holds: the description, and the arrays that it leaves out."""
        import torch

        left_out = ("units", "values")
        description = {name: value for name, value in self.to_json().items() if name not in left_out}
        values = torch.from_numpy(self.targets.copy())
        return description, {"units": torch.tensor(self.units, dtype=torch.int64), "values": values}

    def to_json(self) -> JsonObject:
        """`{kind: "units", layer, units, values, region, strength, mode, concept}`; exact."""
        return {
            "kind": "units",
            "layer": self.layer,
            "units": list(self.units),
            "values": [] if self.mode == "remove" else [float(value) for value in self.targets],
            "region": self.region.to_json(),
            "strength": self.strength,
            "mode": self.mode,
            "concept": self.concept,
        }

    @classmethod
    def from_json(cls, value: JsonMapping) -> UnitEdit:
        """Read what `to_json` wrote, validating everything.

        Raises:
            RecipeError: A field is missing, unknown, of the wrong kind or out of range.
        """
        unknown = sorted(str(name) for name in set(value) - _FIELDS)
        if unknown:
            known = ", ".join(sorted(_FIELDS))
            raise RecipeError(f"A unit edit has the fields {known}; got {unknown[0][:100]!r} too.")
        try:
            layer, mode, concept = value["layer"], value.get("mode", "draw"), value.get("concept", "")
            if not (isinstance(layer, str) and isinstance(concept, str) and len(layer + concept) <= 1000):
                raise RecipeError("Layer and concept of a unit edit are names of at most 1000 letters.")
            units = _whole_numbers(value["units"])
            with np.errstate(over="ignore"):  # what is too large becomes infinite, which is refused
                values = np.asarray(value.get("values", ()), np.float32)
            region = Region.from_json(value["region"]) if "region" in value else Region.everywhere()
            return cls(layer, units, values, region, _number(value.get("strength", 1.0)), mode, concept)
        except RecipeError:
            raise
        except KeyError as error:
            raise RecipeError(f"A unit edit needs the field {error.args[0]!r}.") from error
        except InscapeError as error:
            raise RecipeError(error.detail, error.hint) from error
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise RecipeError(f"A field of a unit edit has the wrong type: {str(error)[:100]}.") from error


def _as_saved(region: Region) -> Region:
    """The region in the precision that a file holds: masks in 8-bit weights."""
    if region.values is None:
        return region
    return Region.from_mask(np.round(region.values * 255).astype(np.uint8))


def _check_units(units: tuple[int, ...]) -> None:
    if not units or len(units) > LARGEST_EDIT:
        raise UnitError(f"An edit names 1 to {LARGEST_EDIT} units, got {len(units)}.")
    if min(units) < 0 or max(units) >= 2**31 or len(set(units)) != len(units):
        raise UnitError("The units of an edit are whole numbers from 0, and each is named once.")


def _check_numbers(edit: UnitEdit, units: tuple[int, ...], values: NDArray[np.float32]) -> None:
    if edit.mode not in get_args(Mode):
        raise ValueRangeError(f"The mode of an edit is 'draw', 'add' or 'remove', got {edit.mode!r}.")
    if not 0 <= edit.strength <= 1:
        raise ValueRangeError(f"The strength of an edit lies between 0 and 1, got {edit.strength}.")
    if values.shape != (len(units),):
        shape = list(values.shape)
        raise ShapeError(f"Drawing needs one value for each of {len(units)} units, got shape {shape}.")
    if not np.isfinite(values).all():
        raise ValueRangeError("The values of an edit are finite numbers.")


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(unit) is not int for unit in value):
        raise FormatError("The units of an edit are a list of whole numbers.")
    return tuple(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"The strength of an edit is a number, got {value!r}.")
    return float(value)
