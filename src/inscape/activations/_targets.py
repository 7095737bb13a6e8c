"""From a name to the `torch.nn.Module` that answers to it."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

from torch import Tensor, nn

from inscape.errors import LayerError, unknown_name


@runtime_checkable
class HasLayers(Protocol):
    """What an opened model offers: named layers on top of a network."""

    def module_of(self, layer: str) -> nn.Module:
        """The part of the network whose output is the layer."""
        ...


Target: TypeAlias = nn.Module | HasLayers


def find_module(target: Target, name: str) -> nn.Module:
    """The module of a dotted name, or of a layer of an opened model.

    Args:
        target: Any `torch.nn.Module`, whose modules go by their dotted names ("" is the module itself), or an
            opened model, whose layers go by their own names.
        name: Such a name.

    Raises:
        LayerError: Nothing answers to the name; near names are given.
    """
    if not isinstance(target, nn.Module):
        module: nn.Module = target.module_of(name)
        return module
    modules: dict[str, nn.Module] = dict(target.named_modules())
    if name not in modules:
        known = [known for known in modules if known]
        raise LayerError(*unknown_name("layer", name, known, where=f"in {type(target).__name__}"))
    return modules[name]


def mapped(value: Any, function: Any) -> Any:
    """Apply a function to every tensor in a tensor, tuple, list or dict; keep everything else."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(part, function) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(mapped(part, function) for part in value)
    if isinstance(value, dict):
        return {key: mapped(part, function) for key, part in value.items()}
    return value
