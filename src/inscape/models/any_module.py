"""Opening any `torch.nn.Module`: its card is built by running it once.

The layers are the modules that output one tensor, in the order in which they ended, under their dotted
names. A module that runs several times, as a shared rectifier does, is a layer for each call: "block1.relu@0"
and "block1.relu@1". A vector that a linear map gets and no module outputs, pooled from the maps or tokens
before it, is the layer "NAME.input".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from inscape.errors import InscapeError, UnsupportedError
from inscape.models.card import USUAL_SIZE, VECTORS, Axis, Card, Layer
from inscape.models.generator import Generator
from inscape.models.model import Model
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    import torch
    from torch import nn

_TOKENS = 8
_HINT = "Pass card= with what is known, or a whole Card: {'kind': 'generator', 'latent': {'z_dim': 128}}."


def open_module(module: nn.Module, card: Card | JsonMapping | None, device: torch.device) -> Model:
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
        known.setdefault("image_size", USUAL_SIZE)
    layers, _ = layers_of(module, _example(module, known, device))
    return Model(module, card_of(module, layers, known))


def layers_of(module: nn.Module, run: Callable[[], object]) -> tuple[tuple[Layer, ...], object]:
    """Run a module once, and record every call of a module in it that outputs one tensor.

    Args:
        module: In evaluation mode.
        run: Runs it.

    Returns:
        Its layers in the order in which they ended, and what `run` gave.

    Raises:
        UnsupportedError: The run failed, or no module outputs a tensor.
    """
    import torch

    ran: list[_Run] = []

    def noting(name: str) -> Callable[..., None]:
        def note(run: nn.Module, arguments: tuple[object, ...], output: object) -> None:
            ran.append(_Run(name, run, _shape(arguments[0] if arguments else None), _shape(output)))

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
    layers = tuple(_layers(ran))
    if not layers:
        raise UnsupportedError("No module of the network outputs a single tensor.", _HINT)
    return layers, result


class _Run(NamedTuple):
    """One call of a module: shapes of what went in first and of what came out, where those are layers'."""

    name: str
    module: nn.Module
    inside: tuple[int, ...] | None
    outside: tuple[int, ...] | None


def _shape(value: Any) -> tuple[int, ...] | None:
    """Of maps, tokens or vectors; None for anything else."""
    import torch

    usable = isinstance(value, torch.Tensor) and value.is_floating_point() and value.ndim in (2, 3, 4)
    return None if not usable or 0 in value.shape else tuple(value.shape)


def _layers(ran: Sequence[_Run]) -> Iterator[Layer]:
    """The layers in the order of the calls."""
    from torch import nn

    total, made = Counter(run.name for run in ran), Counter[str]()
    axes: dict[tuple[int, ...], tuple[Axis, ...]] = {}
    before: Layer | None = None
    for run in ran:
        number = None if total[run.name] == 1 else made[run.name]
        made[run.name] += 1
        spread = before is not None and before.axes != VECTORS and run.inside == (1, before.units)
        if spread and isinstance(run.module, nn.Linear):
            pooled = _layer(f"{run.name}.input", run, run.inside, VECTORS, number)
            yield pooled.model_copy(update={"input": True})
        if run.outside is None:
            continue
        name = run.name if number is None else f"{run.name}@{number}"
        before = _layer(name, run, run.outside, _axes(run, axes), number)
        yield before


def _layer(
    name: str, run: _Run, shape: tuple[int, ...] | None, axes: tuple[Axis, ...], call: int | None
) -> Layer:
    assert shape is not None
    sides = dict(zip(axes, shape[1:], strict=True))
    square = "height" in sides and sides["height"] == sides["width"]
    size = sides["height"] if square else 0
    return Layer(name=name, units=sides["unit"], size=size, module=run.name, axes=axes, call=call)


def _axes(run: _Run, known: dict[tuple[int, ...], tuple[Axis, ...]]) -> tuple[Axis, ...]:
    """What the dimensions of an output are, as the last convolution or linear map with that shape says."""
    from torch import nn

    assert run.outside is not None
    spread: tuple[Axis, ...] = ((), ("token",), ("height", "width"))[len(run.outside) - 2]
    if type(run.module) in (nn.Linear, nn.LayerNorm, nn.Embedding):
        known[run.outside] = (*spread, "unit")
    elif isinstance(run.module, nn.Conv1d | nn.Conv2d):
        known[run.outside] = ("unit", *spread)
    usual: tuple[Axis, ...] = (*spread, "unit") if spread == ("token",) else ("unit", *spread)
    return known.get(run.outside, usual)


def _example(module: nn.Module, known: JsonMapping, device: torch.device) -> Callable[[], object]:
    import torch

    if known["kind"] == "language":
        tokens = torch.zeros(1, _TOKENS, dtype=torch.int64, device=device)
        return lambda: module(tokens)
    size = known["image_size"]
    return lambda: module(torch.zeros(1, 3, size, size, device=device))


def _generator(module: nn.Module, known: JsonObject, device: torch.device) -> Generator:
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
        raise UnsupportedError("The output of this generator is not [batch, 3, height, width].", _HINT)
    inner = [layer for layer in layers if layer.module.startswith(_PREFIX) and layer.module != _PREFIX[:-1]]
    named = tuple(layer.model_copy(update={"name": layer.name.removeprefix(_PREFIX)}) for layer in inner)
    known |= {"latent": {"z_dim": z_dim, "w_dim": z_dim, "num_ws": 1}, "image_size": picture.shape[2]}
    return Generator(made, card_of(module, named, known))


_PREFIX = "synthesis.module."


def card_of(module: nn.Module, layers: tuple[Layer, ...], known: JsonMapping) -> Card:
    """The card of a module with these layers, and what else is known of it.

    Raises:
        FormatError: What is known is not a part of a card.
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
