"""Models: opened networks with their cards."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inscape.errors import ConflictError, FormatError
from inscape.models.card import Card, Layer
from inscape.models.taps import Tap, tapped
from inscape.models.weights import unedited, untouched
from inscape.reports.html import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from torch import nn


class Edit(Protocol):
    """A change of a model that can be applied. `inscape.editing` has the kinds."""

    def applied(self, model: Model) -> AbstractContextManager[None]:
        """Change the model inside a `with` block, and restore it even on error."""


class Model:
    """A network that has been opened.

    Args:
        module: The network, in evaluation mode.
        card: Its description.
        origin: The checkpoint or folder that it was opened from, if it was one.
    """

    def __init__(self, module: nn.Module, card: Card, *, origin: Path | None = None) -> None:
        self.module = module
        self.card = card
        self.origin = origin
        self.layers: dict[str, Layer] = {layer.name: layer for layer in card.layers}
        self.on: tuple[Edit, ...] = ()
        """Edits that are on the model now, by `edited`."""

    def __repr__(self) -> str:
        """Name, kind and size."""
        size = f"{len(self.layers)} layers, {self.card.parameters:,} parameters"
        return f"<{self.card.kind} {self.name!r}, {size}>"

    def _repr_html_(self) -> str:
        card, size = self.card, self.card.image_size
        facts = {"parameters": f"{card.parameters:,}", "pictures": f"{size} px" if size else ""}
        layers = {
            layer.name: f"{layer.units} units" + (f", {layer.size} × {layer.size}" if layer.size else "")
            for layer in card.layers
        }
        return described(f"{card.kind} {card.name}", facts | {"licence": card.licence} | layers)

    @property
    def name(self) -> str:
        """The name on the card."""
        return self.card.name

    @property
    def device(self) -> torch.device:
        """The device of its weights."""
        import torch

        weight = next(self.module.parameters(), None)
        return torch.device("cpu") if weight is None else weight.device

    def layer(self, name: str | None = None) -> Layer:
        """The layer of that name; the default layer unless one is named.

        Raises:
            LayerError: There is no such layer; the message suggests near names.
        """
        return self.card.layer(name or self.card.default_layer or "")

    def module_of(self, layer: str | Layer) -> nn.Module:
        """The `torch.nn.Module` whose output a layer is.

        Raises:
            LayerError: There is no such layer.
            FormatError: The card names a module that the network does not have.
        """
        place = layer if isinstance(layer, Layer) else self.layer(layer)
        try:
            return self.module.get_submodule(place.module)
        except AttributeError as error:
            raise FormatError(
                f"The card of {self.name!r} places layer {place.name!r} at {place.module!r}, "
                "which the network does not have."
            ) from error

    def tapped(self, layer: str | Layer, function: Tap) -> AbstractContextManager[None]:
        """Call a function with the output of a layer inside a `with` block; see `taps.tapped`.

        Raises:
            LayerError: There is no such layer.
            FormatError: The card names a module that the network does not have.
        """
        place = layer if isinstance(layer, Layer) else self.layer(layer)
        self.module_of(place)
        return tapped(self.module, place.module, function, call=place.call, of_input=place.input)

    @contextmanager
    def edited(self, edits: Sequence[Edit]) -> Iterator[None]:
        """Apply edits in order inside a `with` block, and restore the model afterwards."""
        with ExitStack() as stack:
            with untouched(self.module):
                for edit in edits:
                    stack.enter_context(edit.applied(self))
            before, self.on = self.on, (*self.on, *edits)
            try:
                yield
            finally:
                self.on = before

    @contextmanager
    def unedited(self) -> Iterator[None]:
        """Switch the weight edits off inside a `with` block, and back on afterwards, bit for bit.

        Other edits can be applied inside.
        """
        before, self.on = self.on, ()
        try:
            with unedited(self.module):
                yield
        finally:
            self.on = before

    def refuse_edited(self, what: str) -> None:
        """Refuse an operation on the unedited model while edits are applied.

        Args:
            what: The start of the message, with a verb: "A search goes through".

        Raises:
            ConflictError: Edits are applied.
        """
        if self.on:
            raise ConflictError(
                f"{what} the model as it is, and edits are on {self.name!r} now ({len(self.on)}).",
                "Do it outside of model.edited(...).",
            )
