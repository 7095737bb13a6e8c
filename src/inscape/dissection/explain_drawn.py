"""The units that drew what a region of a generated picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast

import torch

from inscape.dissection.explain import ExplainOptions, measured
from inscape.dissection.readout import Above, Readout
from inscape.errors import NotFoundError, UnsupportedError, unknown_name
from inscape.pictures import to_uint8
from inscape.regions import Region
from inscape.segmenters import Probing, fitting_segmenter

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.dissection.evidence import Evidence
    from inscape.models import Generator


def explain_drawn(
    model: Generator, seed: int, *, region: Region | None = None, **options: Unpack[ExplainOptions]
) -> Evidence:
    """The units that drew what a region of a generated picture shows.

    What is explained is the mean probability that the generator's segmenter gives a concept in the region.

    Example:
        >>> inscape.explain_drawn(inscape.open("town"), 7, region=inscape.box(20, 30, 8, 12), of="door")

    Args:
        model: The generator.
        seed: Of the picture.
        region: The whole picture unless given.
        options: See `ExplainOptions`.

    Raises:
        UnsupportedError: No segmenter is known that gradients flow through.
        NotFoundError: The segmenter knows no such concept, or none is in the region.
        LayerError, UnitError, RegionError: There is no such layer, unit or region.
    """
    reader, method = fitting_segmenter(model, None), options.get("method")
    if not isinstance(reader, Probing):
        raise UnsupportedError(f"No gradient flows through the segmenter of {model.name!r}.")
    if method == "linear":
        raise UnsupportedError("What a generator draws is no sum over units.", "Name gradients or ablation.")
    size, where = model.image_size, region or Region.everywhere()
    mask = where.mask(size, size, image_size=size).to(model.device)
    w, network = model.w_of(model.latent_of(seed)).clone(), cast("Any", model.module)

    def run(count: int) -> Tensor:
        images: Tensor = network.synthesis(w.expand(count, *w.shape[1:]))
        return images

    above = Above.of_generator(model, model.layer(options.get("layer")), run)
    labels = reader.segment(above.given)[0, 0].cpu()
    concept = _concept(reader, labels[mask.cpu() > 0.5], options.get("of"))

    def number(images: Tensor) -> Float[Tensor, "picture"]:
        return (reader.probability(images, concept) * mask).sum((1, 2)) / mask.sum()

    told = {"picture": f"seed {seed}", "class_name": concept, "classes": (), "box": where.rectangle}
    return measured(Readout(above, number), to_uint8(above.given)[0], method or "gradients", options, told)


def _concept(reader: Probing, labels: Tensor, asked: str | int | None) -> str:
    """The concept that is explained: the one asked for, or the most frequent one of the region."""
    names = reader.vocabulary.names
    if asked is not None:
        if asked not in names:
            raise NotFoundError(*unknown_name("concept", str(asked), names))
        return str(asked)
    counts = torch.bincount(labels.long(), minlength=len(names) + 1)
    counts[0] = 0
    if not int(counts.max()):
        raise NotFoundError("The segmenter sees no concept in this region.", "Name one with --class.")
    return names[int(counts.argmax()) - 1]
