"""The inversion of a photo: a value that can be saved, loaded and painted on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError, UsageError
from inscape.models import Generator
from inscape.models.weights import weights_hash
from inscape.photos._descent import STAGES, Stage
from inscape.photos.gains import Gains
from inscape.pictures import Latent
from inscape.sources.reading import Fit
from inscape.types import JsonMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models.architectures.synthesis_state import SynthesisState

SUFFIX = ".inversion.safetensors"
_METADATA = "inscape"
_WEIGHT, _GAIN, _PICTURE = "weight ", "gain ", "picture "
_FIELDS = ("model", "model_hash", "layer", "psnr", "seconds", "fit", "photo_key")


@dataclass(frozen=True, eq=False)
class Inversion:
    """The inversion of a photo: latent, features and adaptation.

    Attributes:
        model: Name of the generator.
        model_hash: Hash of its weights, from `weights_hash`.
        layer: The layer whose features represent the photo.
        latent: Of kind "w+".
        features: The photo's own features, `[unit, height, width]`.
        weights: Adapted weights above the layer, by their dotted name in the network.
        gains: d of each adapted layer, `[unit, height, width]`, by layer name (see `Gains`).
        target: The photo at the generator's size, uint8 `[size, size, 3]`.
        pictures: Picture of each stage, uint8 `[size, size, 3]`. Stages that did not run are missing.
        psnr: PSNR of each stage in dB, at the generator's resolution. None if it did not run.
        seconds: Time of each stage.
        fit: The rectangle of the photo that the target shows.
        photo_key: `Photo.key` of the photo.
    """

    model: str
    model_hash: str
    layer: str
    latent: Latent
    features: Tensor
    weights: Mapping[str, Tensor]
    gains: Mapping[str, Tensor]
    target: NDArray[np.uint8]
    pictures: Mapping[Stage, NDArray[np.uint8]]
    psnr: Mapping[Stage, float | None]
    seconds: Mapping[Stage, float]
    fit: Fit
    photo_key: str

    @property
    def size(self) -> int:
        """Height and width of the generator's pictures in pixels."""
        return int(self.target.shape[0])

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The inverted picture before the adaptation."""
        found: list[Stage] = [stage for stage in STAGES if stage != "adapted" and stage in self.pictures]
        return self.pictures[found[-1]]

    def check(self, generator: Generator) -> None:
        """Check that a generator has the weights of this inversion.

        Raises:
            UnsupportedError: It has other weights.
        """
        if weights_hash(generator.module) != self.model_hash:
            raise UnsupportedError(
                f"This inversion was made with other weights than {generator.name!r} has.",
                f"It was made with {self.model!r}; invert the photo again for this one.",
            )

    def state(self, generator: Generator) -> SynthesisState:
        """The synthesis, stopped after the layer, with the photo's features; `generator` may be adapted."""
        with torch.inference_mode():
            state = generator.stopping.run_until(generator.w_of(self.latent), self.layer)
            return replace(state, features=self.features[None].to(state.features))

    def adapted(self, generator: Generator) -> Generator:
        """A copy of the generator with the adapted weights; the gains are not in it.

        Raises:
            UnsupportedError: It has other weights than this was made for.
            FormatError: The weights do not fit it.
        """
        import copy

        self.check(generator)
        module = copy.deepcopy(generator.module).requires_grad_(False)
        held = dict(module.named_parameters())
        for name, value in self.weights.items():
            if name not in held or held[name].shape != value.shape:
                raise FormatError(
                    f"The inversion holds weights {name!r} that {generator.name!r} does not have."
                )
            held[name].data = value.to(held[name])
        return Generator(module, generator.card)

    def edit(self) -> Gains:
        """The gains as an edit."""
        return Gains(self.gains)

    def save(self, path: Path | str) -> Path:
        """Write everything except the photo itself, atomically.

        Args:
            path: Ends in `.inversion.safetensors`.

        Raises:
            UsageError: The name ends in something else.
            StorageError: The folder cannot be written.
        """
        path = Path(path)
        if not path.name.endswith(SUFFIX):
            raise UsageError(f"An inversion is saved under a name that ends in {SUFFIX}, got {path.name!r}.")
        tensors = {
            "latent": torch.from_numpy(self.latent.values.copy()),
            "features": self.features,
            "target": torch.from_numpy(self.target.copy()),
            **{_WEIGHT + name: value for name, value in self.weights.items()},
            **{_GAIN + name: value for name, value in self.gains.items()},
            **{_PICTURE + name: torch.from_numpy(value.copy()) for name, value in self.pictures.items()},
        }
        description = {name: getattr(self, name) for name in _FIELDS if name != "fit"}
        description |= {"schema_version": 1, "fit": self.fit.to_json()}
        plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        return storage.save_tensors(path, plain, {_METADATA: json.dumps(description)})

    @classmethod
    def load(cls, path: Path | str) -> Inversion:
        """Read what `save` wrote, validating everything.

        Raises:
            FormatError: The file is missing, damaged or holds no inversion.
        """
        tensors, metadata = storage.load_tensors(path)
        try:
            description = json.loads(metadata[_METADATA])
            if description.pop("schema_version") != 1:
                raise FormatError(f"{path} is an inversion of a later version.", "Update Inscape.")
            return cls(**_checked(description, tensors))
        except InscapeError:
            raise
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise FormatError(
                f"{path} holds no inversion.", f"Inversions are files that end in {SUFFIX}."
            ) from error


def _checked(description: JsonMapping, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The fields of an inversion, once they hang together."""
    target = tensors["target"].numpy()
    named = {
        kind: {name.removeprefix(kind): value for name, value in tensors.items() if name.startswith(kind)}
        for kind in (_WEIGHT, _GAIN, _PICTURE)
    }
    pictures = {stage: value.numpy() for stage, value in named[_PICTURE].items()}
    shapes = [target.shape, *(each.shape for each in pictures.values())]
    kinds = {each.dtype for each in (target, *pictures.values())}
    square = target.ndim == 3 and target.shape[0] == target.shape[1] and target.shape[2] == 3
    known = set(pictures) <= set(STAGES) and bool(set(pictures) - {"adapted"})
    if len(set(shapes)) != 1 or kinds != {np.dtype(np.uint8)} or not square or not known:
        raise ValueError("pictures of other shapes")
    if tensors["features"].ndim != 3 or any(gain.ndim != 3 for gain in named[_GAIN].values()):
        raise ValueError("features of another shape")
    texts = {name: description[name] for name in ("model", "model_hash", "layer", "photo_key")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise ValueError("names that are no text")
    numbers = {
        name: {stage: description[name].get(stage) for stage in STAGES} for name in ("psnr", "seconds")
    }
    if not all(isinstance(x, float | int | None) for each in numbers.values() for x in each.values()):
        raise ValueError("figures that are no numbers")
    return {
        **texts,
        **numbers,
        "latent": Latent("w+", tensors["latent"].float().numpy()),
        "features": tensors["features"].float(),
        "weights": named[_WEIGHT],
        "gains": named[_GAIN],
        "target": target,
        "pictures": pictures,
        "fit": Fit.from_json(description["fit"]),
    }
