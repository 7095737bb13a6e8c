"""Opening any `torch.nn.Module`: its card is built by running it once.

The layers are the modules that ran exactly once and put out one tensor, in the order in which they ended,
under their dotted names. A module that runs several times, as a shared rectifier does, is no place in the
forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from inscape.errors import InscapeError, UnsupportedError
from inscape.models.card import Card, Layer
from inscape.models.generator import Generator
from inscape.models.model import Model

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_IMAGE_SIZE = 224
_TOKENS = 8
_HINT = "Pass card= with what is known, or a whole Card: {'kind': 'generator', 'latent': {'z_dim': 128}}."


def open_module(module: nn.Module, card: Card | Mapping[str, Any] | None, device: torch.device) -> Model:
    """Make a model of a module; the module itself is used, in evaluation mode and without gradients.

    Args:
        module: A classifier or segmenter that takes pictures `[batch, 3, height, width]`, a language model
            that takes token numbers `[batch, token]`, or a generator that takes latents `[batch, z_dim]` (or
            `[batch, z_dim, 1, 1]`) and gives pictures.
        card: A whole card, which is taken as it is (a generator then has `mapping` and `synthesis`, as
            `Generator` wants them), or some of its fields; what is missing is found by
            running the module once. The kind is "classifier" unless given; a generator needs
            `latent={"z_dim": ...}`; pictures for the run have `image_size`, 224 unless given.
        device: Where the weights go.

    Raises:
        UnsupportedError: It cannot be run so, or has no layers that can be named.
    """
    module.to(device).eval().requires_grad_(False)
    if isinstance(card, Card):
        return (Generator if card.kind == "generator" else Model)(module, card)
    known = {"name": type(module).__name__.lower(), "kind": "classifier", **(card or {})}
    if known["kind"] == "generator":
        return _generator(module, known, device)
    if known["kind"] != "language":
        known.setdefault("image_size", _IMAGE_SIZE)
    layers, _ = layers_of(module, _example(module, known, device))
    return Model(module, card_of(module, layers, known))


def layers_of(module: nn.Module, run: Callable[[], Any]) -> tuple[tuple[Layer, ...], Any]:
    """Run a module once, and note every module in it that ran once and put out one tensor.

    Args:
        module: In evaluation mode.
        run: Runs it.

    Returns:
        Its layers in the order in which they ended, and what `run` gave.

    Raises:
        UnsupportedError: The run failed, or no module put out a tensor.
    """
    import torch

    seen: dict[str, list[Tensor | None]] = {}

    def noting(name: str) -> Callable[..., None]:
        def note(_: nn.Module, arguments: Any, output: Any) -> None:
            seen.setdefault(name, []).append(output if isinstance(output, torch.Tensor) else None)

        return note

    handles = [each.register_forward_hook(noting(name)) for name, each in module.named_modules() if name]
    try:
        with torch.inference_mode():
            result = run()
    except InscapeError:
        raise
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnsupportedError(f"Running the network once failed: {first}.", _HINT) from error
    finally:
        for handle in handles:
            handle.remove()
    found = [_layer(name, outputs[0]) for name, outputs in seen.items() if len(outputs) == 1]
    layers = tuple(layer for layer in found if layer is not None)
    if not layers:
        raise UnsupportedError("No module of the network puts out one tensor.", _HINT)
    return layers, result


def _layer(name: str, output: Tensor | None) -> Layer | None:
    """A layer of maps `[batch, unit, height, width]`, of vectors, or of tokens `[batch, token, unit]`."""
    if output is None or not output.is_floating_point() or output.ndim not in (2, 3, 4) or 0 in output.shape:
        return None
    size = output.shape[2] if output.ndim == 4 and output.shape[2] == output.shape[3] else 0
    return Layer(name=name, units=output.shape[-1 if output.ndim == 3 else 1], size=size, module=name)


def _example(module: nn.Module, known: Mapping[str, Any], device: torch.device) -> Callable[[], Any]:
    import torch

    if known["kind"] == "language":
        tokens = torch.zeros(1, _TOKENS, dtype=torch.int64, device=device)
        return lambda: module(tokens)
    size = known["image_size"]
    return lambda: module(torch.zeros(1, 3, size, size, device=device))


def _generator(module: nn.Module, known: dict[str, Any], device: torch.device) -> Generator:
    import torch

    from inscape.models.architectures._sequential import DirectGenerator
    from inscape.models.architectures.module_synthesis import ModuleSynthesis

    z_dim = dict(known.get("latent", {})).get("z_dim")
    if not isinstance(z_dim, int) or z_dim < 1:
        raise UnsupportedError("The size of a generator's latent cannot be found by running it.", _HINT)
    synthesis = ModuleSynthesis(module)
    made = DirectGenerator(z_dim, synthesis).to(device).eval()
    z = torch.zeros(1, z_dim, device=device)
    try:
        layers, picture = layers_of(made, lambda: made(z))
    except UnsupportedError:
        synthesis.as_map = True
        layers, picture = layers_of(made, lambda: made(z))
    if not isinstance(picture, torch.Tensor) or picture.ndim != 4 or picture.shape[1] != 3:
        raise UnsupportedError("What this generator draws is no [batch, 3, height, width].", _HINT)
    inner = [layer for layer in layers if layer.module.startswith(_PREFIX) and layer.module != _PREFIX[:-1]]
    named = tuple(layer.model_copy(update={"name": layer.name.removeprefix(_PREFIX)}) for layer in inner)
    known |= {"latent": {"z_dim": z_dim, "w_dim": z_dim, "num_ws": 1}, "image_size": picture.shape[2]}
    return Generator(made, card_of(module, named, known))


_PREFIX = "synthesis.module."


def card_of(module: nn.Module, layers: tuple[Layer, ...], known: Mapping[str, Any]) -> Card:
    """The card of a module with these layers, and what else is known of it.

    Raises:
        FormatError: What is known is no part of a card.
    """
    parameters = sum(weight.numel() for weight in module.parameters())
    maps = [layer.name for layer in layers if layer.size > 1]
    found = {
        "architecture": type(module).__name__,
        "layers": layers,
        "default_layer": (maps or [layer.name for layer in layers])[-1],
        "parameters": parameters,
    }
    return Card.parse({**found, **known}, f"What is known of {type(module).__name__}")
