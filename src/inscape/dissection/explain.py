"""The evidence for what a classifier says: a logit as a sum of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

import numpy as np
import torch

from inscape.activations import as_maps
from inscape.dissection._evidence_units import Added, Naming
from inscape.dissection.evidence import Evidence
from inscape.dissection.evidence_curves import Orders, linear_curves, measured_curves
from inscape.dissection.evidence_parts import SETS, CurvePoint
from inscape.dissection.linear_head import LinearHead, find_head
from inscape.dissection.readout import Above, Method, Readout, unit_maps
from inscape.dissection.unit_set import check_units
from inscape.errors import UnsupportedError
from inscape.models.taps import tapped
from inscape.pictures import to_tensor
from inscape.sources.reading import Photo, read_photo
from inscape.sources.source import as_shown

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from PIL.Image import Image
    from torch import Tensor

    from inscape.dissection.report import DissectionReport
    from inscape.models import Model

Curves: TypeAlias = tuple[tuple[CurvePoint, ...], tuple[CurvePoint, ...]]
_FIRST = 5
_MOST, _UNSEEN = 50, 8
_COUNTS = (1, 5, 20)
"""Points of curves that need a run of the network for each."""
_ABLATED = 512
"""Units that are switched off one by one at most: those with the largest activation."""


class ExplainOptions(TypedDict, total=False):
    """The options of an explanation.

    Attributes:
        of: The class to explain, by name or number; of a generator a concept. The first class, or the most
            frequent concept of the region, unless given.
        layer: Whose units the parts are: the pooled features where the head is linear, else the model's
            default layer, unless given.
        report: A dissection of the layer, which names units and says when each is active.
        method: "linear", "gradients" or "ablation"; "linear" where it is possible, else "gradients", unless
            given.
        off: Units that are switched off first.
        top: Parts that speak for it, 10 unless given; half as many against it.
        curves: Whether deletion and insertion are measured, of a layer with 2 units or more; they are unless
            given.
    """

    of: str | int | None
    layer: str | None
    report: DissectionReport | None
    method: Method | None
    off: Sequence[int]
    top: int
    curves: bool


def explain(
    model: Model, photo: Photo | Path | str | bytes | Image, **options: Unpack[ExplainOptions]
) -> Evidence:
    """The evidence for what a classifier says of a photo.

    Example:
        >>> report = inscape.load_report("streets-report")
        >>> found = inscape.explain(inscape.open("efficientnet-lite0"), "street.jpg", report=report)
        >>> print(found.sentence())

    Args:
        model: The classifier.
        photo: The photo, whose middle square the model is shown.
        options: See `ExplainOptions`.

    Raises:
        UnsupportedError: The model has no logit for each class, or the method does not fit it.
        NotFoundError: It has no such class.
        LayerError: It has no such layer.
        UnitError: The layer has no such unit.
        UsageError: The report is of another model or layer.
    """
    _refuse_others(model)
    read = photo if isinstance(photo, Photo) else read_photo(photo)
    pixels = read.seen(model.card.shown_size)
    shown = as_shown(model, to_tensor(pixels[None]).to(model.device))
    head, asked, method = find_head(model), options.get("layer"), options.get("method")
    if asked is not None:
        model.layer(asked)
    name = read.name or "photo"
    if head is not None and asked in (None, *head.layers) and method in (None, "linear"):
        return _linear(model, head, shown, pixels, name, options)
    if method == "linear":
        raise UnsupportedError(
            f"The logits of {model.name!r} are no sum over units of {model.layer(asked).name!r}.",
            "Name gradients or ablation, or leave the method out.",
        )

    above = Above.of_classifier(model, model.layer(asked), shown)
    index = _class_index(model, options.get("of"), above.given)
    readout = Readout(above, lambda logits: logits[:, index])
    told = {"picture": name, "class_name": _class_name(model, index), "classes": _first(model, above.given)}
    return measured(readout, pixels, method or "gradients", options, told)


def _refuse_others(model: Model) -> None:
    if model.card.kind in ("generator", "language"):
        draws = model.card.kind == "generator"
        raise UnsupportedError(
            f"{model.name!r} is {model.card.noun}, and only a classifier says something of a photo.",
            "Explain what it draws with --seed (inscape.explain_drawn)."
            if draws
            else "`inscape fact trace` shows what it reads.",
        )


def _linear(
    model: Model,
    head: LinearHead,
    shown: Tensor,
    pixels: UInt8[np.ndarray, "size size 3"],
    name: str,
    options: ExplainOptions,
) -> Evidence:
    """The evidence where logits are sums over pooled features: one run of the network."""
    kept: dict[str, Tensor] = {}

    def keep(_: tuple[object, ...], value: Tensor) -> None:
        kept["features"] = value.clone()

    def keep_maps(_: tuple[object, ...], value: Tensor) -> None:
        kept["maps"] = value.clone()

    with torch.inference_mode(), tapped(model.module, head.path, keep, of_input=True):
        tap = nullcontext() if head.maps is None else model.tapped(head.maps, keep_maps)
        with tap:
            logits = model.module(shown)[0].double()
        features, off = kept["features"][0].double(), list(options.get("off", ()))
        if off:
            check_units(off, head.layer, len(features))
            features[off] = 0
            logits = (head.bias + head.weight @ features.to(head.weight)).double()
    index = _class_index(model, options.get("of"), logits[None])
    weights = head.weight[index].double()
    contributions = (weights * features).cpu().numpy()
    maps = None
    if head.maps is not None:
        maps = unit_maps(kept["maps"], head.maps)
        if maps is not None and off:
            maps[off] = 0
    names = tuple(_class_name(model, number) for number in range(len(logits)))
    added = Added(
        head.layer,
        contributions,
        features.cpu().numpy(),
        maps,
        len(pixels),
        weights.cpu().numpy(),
        head.weight.cpu(),
        names,
        head.mean,
    )
    naming = Naming.checked(added, options.get("report"), model.name, head.layers or [head.layer])
    logit = float(logits[index])
    curves: Curves = ((), ())
    if options.get("curves", True) and len(contributions) >= 2:
        orders = Orders.of(contributions, added.activations, _MOST, SETS["linear"])
        curves = linear_curves(contributions, orders, logit)
    told = {"picture": name, "class_name": names[index], "classes": _first(model, logits[None])}
    return _Found(naming, "linear", logit, curves).evidence(model, pixels, options, told)


def measured(
    readout: Readout,
    pixels: UInt8[np.ndarray, "size size 3"],
    method: Method,
    options: ExplainOptions,
    told: Mapping[str, object],
) -> Evidence:
    """The evidence where the number is not linear in the units.

    Args:
        readout: The number.
        pixels: The picture.
        method: "gradients" or "ablation".
        options: Those of `explain`.
        told: Further fields of the evidence.
    """
    layer, model, features = readout.layer, readout.above.model, readout.above.features.clone()
    off = list(options.get("off", ()))
    if off:
        check_units(off, layer.name, layer.units)
        as_maps(features, layer.axes)[:, off] = 0
    maps = unit_maps(features, layer)
    flat = as_maps(features, layer.axes)[0].flatten(1)
    activations = flat.mean(1).double().cpu().numpy()
    whole = readout.with_units(torch.ones(1, layer.units), features) if off else readout.plain
    if method == "gradients":
        contributions = readout.gradients(features).numpy()
    else:
        most = flat.abs().amax(1).topk(min(_ABLATED, layer.units)).indices.tolist()
        contributions = readout.ablation(features, most).numpy()
    curves: Curves = ((), ())
    if options.get("curves", True) and layer.units >= 2:
        orders = Orders.of(contributions, activations, _COUNTS[-1], SETS[method])

        def numbers(scales: np.ndarray) -> np.ndarray:
            return readout.with_units(torch.from_numpy(scales).float(), features).double().cpu().numpy()

        counts = [count for count in _COUNTS if count <= len(orders.best)]
        curves = measured_curves(numbers, layer.units, orders, counts)
    added = Added(layer.name, contributions, activations, maps, len(pixels))
    naming = Naming.checked(added, options.get("report"), model.name, [layer.name])
    return _Found(naming, method, float(whole[0]), curves).evidence(model, pixels, options, told)


@dataclass(frozen=True, eq=False)
class _Found:
    """What was measured: the number, the curves, and the units with what is known of them."""

    naming: Naming
    method: Method
    logit: float
    curves: Curves

    def evidence(
        self,
        model: Model,
        pixels: UInt8[np.ndarray, "size size 3"],
        options: ExplainOptions,
        told: Mapping[str, object],
    ) -> Evidence:
        """The evidence, with the parts that are shown."""
        parts, masks = self.naming.parts(options.get("top", 10))
        report = self.naming.report
        return Evidence(
            model=model.name,
            layer=self.naming.added.layer,
            method=self.method,
            logit=self.logit,
            parts=parts,
            remainder=self.logit - sum(part.contribution for part in parts),
            unseen=self.naming.unseen(_UNSEEN),
            deletion=self.curves[0],
            insertion=self.curves[1],
            off=tuple(options.get("off", ())),
            named_by=None if report is None else f"{report.heading()}, {report.facts()}",
            pixels=pixels,
            masks=masks,
            **told,  # type: ignore[arg-type]
        )


def _class_index(model: Model, asked: str | int | None, logits: Tensor) -> int:
    """The class that is explained: the one asked for, or the first."""
    count = logits.shape[1]
    if asked is None:
        return int(logits[0].argmax())
    if not model.card.classes and str(asked).isdecimal() and int(asked) < count:
        return int(asked)
    return model.card.class_index(str(asked))


def _class_name(model: Model, index: int) -> str:
    return model.card.classes[index] if index < len(model.card.classes) else f"class {index}"


def _first(model: Model, logits: Tensor) -> tuple[tuple[str, float, float], ...]:
    """The first classes, with logits and probabilities."""
    probabilities = logits[0].double().softmax(0)
    first = logits[0].topk(min(_FIRST, logits.shape[1])).indices.tolist()
    return tuple(
        (_class_name(model, index), float(logits[0, index]), float(probabilities[index])) for index in first
    )
