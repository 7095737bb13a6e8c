"""Pictures and their origin: pixels, latent, seed and recipe."""

from __future__ import annotations

import io
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from inscape import storage
from inscape.errors import LatentError, RecipeError, ShapeError, UsageError, ValueRangeError
from inscape.reports.html import data_url, described
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from numpy.typing import NDArray
    from PIL.Image import Image
    from torch import Tensor

RECIPE_CHUNK = "inscape"
_LARGEST_TEXT = 2**26
_LARGEST_SEED = 2**32 - 1
_MOST_CLASSES = 2**31


@dataclass(frozen=True, eq=False)
class Latent:
    """The input of a generator.

    Args:
        kind: "z" before the mapping network, "w" after it, "w+" one per layer.
        values: float32 `[dims]` for z and w, `[layers, dims]` for w+.
        truncation: Truncation psi that mapping z to w uses; 1 changes nothing.
        class_index: Class of a conditional generator, from 0. Only z has one; w includes it.
    """

    kind: Literal["z", "w", "w+"]
    values: NDArray[np.float32]
    truncation: float = 1.0
    class_index: int | None = None

    def __post_init__(self) -> None:
        """Check the shape, that every number is finite, and that only z has a class."""
        expected = 2 if self.kind == "w+" else 1
        if self.values.ndim != expected or not np.isfinite(self.values).all():
            raise LatentError(
                f"A latent of kind {self.kind!r} has {expected} dimension(s) of finite numbers, "
                f"got shape {list(self.values.shape)}."
            )
        if not np.isfinite(self.truncation):
            raise LatentError(f"A truncation is a finite number, got {self.truncation}.")
        if self.class_index is None:
            return
        if self.kind != "z" or self.class_index < 0:
            raise LatentError(
                f"Only a latent of kind 'z' has a class, from 0; got {self.class_index} for {self.kind!r}."
            )

    def to_json(self) -> JsonObject:
        """`{kind, values, truncation}`, and `class_index` where there is one."""
        plain = {"kind": self.kind, "values": self.values.tolist(), "truncation": self.truncation}
        return plain if self.class_index is None else {**plain, "class_index": self.class_index}

    @classmethod
    def from_json(cls, value: JsonMapping) -> Latent:
        """Read what `to_json` wrote.

        Raises:
            RecipeError: It is not a latent.
        """
        try:
            kind, values = value["kind"], np.asarray(value["values"], np.float32)
            truncation = float(value.get("truncation", 1.0))
        except (KeyError, TypeError, ValueError) as error:
            raise RecipeError("A latent is an object with kind, values and truncation.") from error
        if kind not in ("z", "w", "w+"):
            raise RecipeError(f"A latent is of kind 'z', 'w' or 'w+', got {kind!r}.")
        class_index = value.get("class_index")
        if class_index is not None and (type(class_index) is not int or not 0 <= class_index < _MOST_CLASSES):
            raise RecipeError(f"The class of a latent is a whole number from 0, got {str(class_index)[:40]}.")
        return cls(kind, values, truncation, class_index)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and its origin.

    Args:
        pixels: RGB in 0 to 255, uint8 `[height, width, 3]`.
        latent: The input that the generator drew it from.
        seed: The seed of the latent.
        model: Name of the model that drew it.
    """

    pixels: NDArray[np.uint8]
    latent: Latent | None = None
    seed: int | None = None
    model: str | None = None

    def __post_init__(self) -> None:
        """Check shape and dtype."""
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ShapeError(
                f"A picture is uint8 [height, width, 3], got {self.pixels.dtype} {list(self.pixels.shape)}."
            )

    @property
    def image(self) -> Image:
        """The picture as a `PIL.Image`."""
        from PIL import Image as PillowImage

        return PillowImage.fromarray(self.pixels)

    def enlarged(self, times: int) -> Picture:
        """The picture at so many times its width and height, resampled smoothly (Lanczos); 1 changes nothing.

        Raises:
            ValueRangeError: The factor is less than 1.
        """
        if times < 1:
            raise ValueRangeError(f"A picture is enlarged 1 time or more, got {times}.")
        if times == 1:
            return self
        from PIL import Image as PillowImage

        size = (self.pixels.shape[1] * times, self.pixels.shape[0] * times)
        return replace(self, pixels=np.asarray(self.image.resize(size, PillowImage.Resampling.LANCZOS)))

    def png(self, recipe: JsonMapping | None = None) -> bytes:
        """The bytes of a PNG file, with the recipe inside if one is given."""
        return _png(self.image, recipe)

    def save(self, path: Path | str, *, recipe: JsonMapping | None = None) -> Path:
        """Write the picture as PNG atomically.

        Raises:
            StorageError: The folder cannot be written.
        """
        return storage.write_bytes(path, self.png(recipe))

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        picture = f'<br><img src="{data_url("picture.png", self.png())}" alt="The picture">'
        seed = "" if self.seed is None else f"seed {self.seed}"
        return described(" · ".join(filter(None, (self.model, seed))), {}, picture)


def _png(image: Image, recipe: JsonMapping | None) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    information = PngInfo()
    if recipe is not None:
        information.add_itxt(RECIPE_CHUNK, json.dumps(recipe, sort_keys=True), zip=True)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=information)
    return stream.getvalue()


def read_recipe(path: Path | str) -> JsonObject:
    """The recipe inside a PNG that Inscape wrote.

    Raises:
        RecipeError: The file is missing, is not a PNG, or holds no recipe.
    """
    try:
        with Path(path).open("rb") as stream:
            text = _text_chunk(stream, RECIPE_CHUNK)
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise RecipeError(f"{path} is not a whole PNG picture: {error}.") from error
    if text is None:
        raise RecipeError(
            f"{path} holds no recipe.", "Only pictures that Inscape painted and exported hold one."
        )
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RecipeError(f"The recipe in {path} is damaged.") from error
    if not isinstance(value, dict):
        raise RecipeError(f"The recipe in {path} is damaged: an object was expected.")
    return value


def _text_chunk(stream: BinaryIO, keyword: str) -> bytes | None:
    """The text of that keyword in a PNG (iTXt, PNG specification 11.3.4.5), UTF-8; None where there is none.

    Pillow reads at most a mebibyte of it, and a recipe of many fine strokes is larger.

    Raises:
        ValueError: This is not a PNG, it ends early, or the text is damaged or too large.
    """
    if stream.read(8) != b"\x89PNG\r\n\x1a\n":
        raise ValueError("it does not start as one")
    wanted = keyword.encode() + b"\0"
    while len(head := stream.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"IEND":
            return None
        if kind != b"iTXt" or length > _LARGEST_TEXT:
            stream.seek(length + 4, 1)
            continue
        body = stream.read(length)
        stream.seek(4, 1)
        if not body.startswith(wanted):
            continue
        packed, rest = body[len(wanted)], body[len(wanted) + 2 :]
        text = rest.split(b"\0", 2)[-1]
        if not packed:
            return text
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(text, _LARGEST_TEXT)
        except zlib.error as error:
            raise ValueError(f"its text is damaged ({error})") from error
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError(f"its text is cut off, or longer than {_LARGEST_TEXT} bytes")
        return text
    raise ValueError("it ends early")


def z_from_seed(seed: int, dims: int) -> NDArray[np.float32]:
    """The latent z of a seed: `RandomState(seed).standard_normal(dims)`, float32, independent of batches.

    Raises:
        UsageError: The seed is not between 0 and 2**32 - 1.
    """
    if not 0 <= seed <= _LARGEST_SEED:
        raise UsageError(f"A seed is a whole number from 0 to {_LARGEST_SEED}, got {seed}.")
    return np.random.RandomState(seed).standard_normal(dims).astype(np.float32)


def is_number(text: str) -> bool:
    """Whether a text is a whole number of at most eighteen digits."""
    return text.isdecimal() and len(text) <= 18


def parse_seeds(text: str) -> list[int]:
    """Read seeds written as `0-63`, `7` or `1,5,9-12`.

    Raises:
        UsageError: It cannot be parsed, a range runs backwards, or it names more than 100 000 seeds.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not is_number(first) or (dash and not is_number(last)):
            raise UsageError(f"Seeds are whole numbers and ranges such as 0-63 or 1,5,9-12, got {text!r}.")
        start, stop = int(first), int(last) if dash else int(first)
        if stop < start:
            raise UsageError(f"The range {part.strip()} of seeds runs backwards.")
        if stop > _LARGEST_SEED:
            raise UsageError(f"A seed is a whole number from 0 to {_LARGEST_SEED}, got {stop}.")
        if len(seeds) + stop - start + 1 > 100_000:
            raise UsageError(f"At most 100000 seeds at a time, got more in {text!r}.")
        seeds.extend(range(start, stop + 1))
    return seeds


def to_uint8(images: Float[Tensor, "batch 3 height width"]) -> UInt8[np.ndarray, "batch height width 3"]:
    """Pictures in [-1, 1] as 8-bit RGB, rounded to the nearest level."""
    import torch

    scaled = (images.detach().float() * 127.5 + 127.5).round_().clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_tensor(
    pictures: Sequence[Picture] | UInt8[np.ndarray, "batch height width 3"],
) -> Float[Tensor, "batch 3 height width"]:
    """8-bit pictures as float32 in [-1, 1]: the exact inverse of `to_uint8`."""
    import torch

    array = pictures if isinstance(pictures, np.ndarray) else np.stack([p.pixels for p in pictures])
    return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def grid(
    pictures: Sequence[Picture | NDArray[np.uint8]], columns: int | None = None, *, gap: int = 0
) -> Image:
    """Pictures of one size, side by side.

    Args:
        pictures: At least one.
        columns: Pictures in a row; as square as possible unless given.
        gap: White pixels between pictures.

    Raises:
        ShapeError: There is none, or the sizes differ.
    """
    from PIL import Image as PillowImage

    arrays = [p.pixels if isinstance(p, Picture) else p for p in pictures]
    if not arrays or any(a.shape != arrays[0].shape for a in arrays):
        raise ShapeError("A grid needs at least one picture, all of one size.")
    columns = columns or math.ceil(math.sqrt(len(arrays)))
    height, width = arrays[0].shape[:2]
    rows = math.ceil(len(arrays) / columns)
    canvas = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for number, array in enumerate(arrays):
        y, x = (number // columns) * (height + gap), (number % columns) * (width + gap)
        canvas[y : y + height, x : x + width] = array
    return PillowImage.fromarray(canvas)
