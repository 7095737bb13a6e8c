"""Scenes as files: pictures, label maps, captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inscape import storage
from inscape.pictures import Picture, grid
from inscape.scenes.scene import World


def write_scene(world: World, seed: int, folder: Path, *, size: int, rules: bool = True) -> list[Path]:
    """Write a scene: `NAME-SEED.png`, one 8-bit label map a plane, and `NAME-SEED.json`.

    The pixels of a label map are the numbers of the world's vocabulary, 0 where there is no concept;
    the JSON document holds the vocabulary, the captions, the objects, the factors and the lights that are on.

    Returns:
        The files, the picture first.

    Raises:
        StorageError: The folder cannot be written.
    """
    import io

    from PIL import Image

    scene = world.scene(seed, size, rules)
    stem = f"{world.name}-{seed:06d}"
    files = [Picture(scene.picture, seed=seed).save(folder / f"{stem}.png")]
    for number, plane in enumerate(world.vocabulary.planes):
        stream = io.BytesIO()
        Image.fromarray(scene.labels[number]).save(stream, "PNG")
        files.append(storage.write_bytes(folder / f"{stem}.{plane}.png", stream.getvalue()))
    document = {
        "world": world.name,
        "seed": seed,
        "rules": rules,
        "captions": list(scene.captions),
        "objects": [_plain(vars(one)) for one in scene.objects],
        "factors": _plain(scene.factors),
        "lights": list(scene.lights),
        "vocabulary": world.vocabulary.to_json(),
    }
    files.append(storage.write_json(folder / f"{stem}.json", document))
    return files


def write_grid(world: World, seeds: Sequence[int], out: Path, *, size: int, rules: bool = True) -> list[Path]:
    """Write one PNG with all scenes side by side.

    Args:
        world: What to draw.
        seeds: One scene each.
        out: A file that ends in `.png`, or a folder.
        size: Height and width of each scene in pixels.
        rules: Whether the world's rules hold.
    """
    path = out if out.suffix.lower() == ".png" else out / f"{world.name}-grid.png"
    pictures = [world.scene(seed, size, rules).picture for seed in seeds]
    return [Picture(np.asarray(grid(pictures))).save(path)]


def _plain(value: object) -> object:
    """Numbers, text, lists and objects that JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)
