"""The models that the studio offers: their cards at once, their networks when they are first needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, TypeVar

import inscape
from inscape.brush_kinds import FILE as BRUSHES
from inscape.errors import InscapeError, ModelNotFoundError, UnsupportedError, unknown_name
from inscape.models import Card, folder_of, names, open_model
from inscape.models.shipped import ZOO
from inscape.segmenters import segmenter_names

logger = logging.getLogger("inscape")
T = TypeVar("T")
Stamp: TypeAlias = tuple[int, ...]


class Library:
    """Models by name; a name is all that a request can give.

    Args:
        folders: Models that the person who started the studio named, by name; the shipped ones come besides.
        device: Where networks run.
    """

    def __init__(self, folders: Mapping[str, Path], *, device: str) -> None:
        shipped = {name: folder_of(name) for name in names()}
        shipped = dict(sorted(shipped.items(), key=lambda one: not (one[1] / BRUSHES).exists()))
        self._folders = {**folders, **{name: path for name, path in shipped.items() if name not in folders}}
        self._fixed = frozenset(self._folders)
        self.device = device
        self._open: dict[str, inscape.Generator] = {}
        self._on_cpu: dict[str, inscape.Generator] = {}
        self._gone: set[str] = set()
        self._read_from: dict[str, tuple[Path, list[Stamp]]] = {}

    def names(self) -> list[str]:
        """The models that were named at the start, then the shipped ones, those with brushes first."""
        return list(self._folders)

    def add(self, name: str, folder: Path) -> None:
        """Offer one more model; a name that is taken stays with what has it."""
        self._folders.setdefault(name, folder)

    def put_first(self, name: str) -> None:
        """Offer a model before all others."""
        self._folders = {name: self.folder(name), **self._folders}

    def taken(self) -> set[str]:
        """Names that no other model may get: a browser keeps pictures of a removed one under its name."""
        return {*self._folders, *self._gone}

    def remove(self, name: str) -> None:
        """Offer a model no more."""
        self._gone.add(name)
        self._folders.pop(name, None)
        self._open.pop(name, None)
        self._on_cpu.pop(name, None)
        self._read_from.pop(name, None)

    def watch(self, name: str) -> None:
        """Let `changed` name a model once its files are others than now: its network is about to be kept."""
        self._read_from[name] = self.folder(name), _stamps(self.folder(name))

    def changed(self) -> list[str]:
        """The models whose files are others than those that their networks were read from; closed now."""
        names = []
        for name, (folder, stamps) in list(self._read_from.items()):
            now = _stamps(folder)
            if all(now) and now != stamps:  # what is gone stays open
                names.append(name)
                self._open.pop(name, None)
                self._on_cpu.pop(name, None)
                self._read_from.pop(name, None)
        return names

    def card(self, name: str) -> Card:
        """The card of a model, without its weights.

        Raises:
            ModelNotFoundError: The studio offers no such model.
        """
        path = self.folder(name) / "card.json"
        return _read(path, stamp_of(path))

    def folder(self, name: str) -> Path:
        """The folder of a model.

        Raises:
            ModelNotFoundError: The studio offers no such model.
        """
        if name not in self._folders:
            raise ModelNotFoundError(*unknown_name("model", name[:120], self.names()))
        return self._folders[name]

    def argument(self, name: str) -> str:
        """What a verb takes for a model: its name where it ships, its folder otherwise."""
        folder = self.folder(name)
        return name if folder == ZOO / name else str(folder.resolve())

    def fixed(self, name: str) -> bool:
        """Whether it ships, or was named at the start: it cannot be removed."""
        return name in self._fixed

    def readable(self, read: Callable[[str], T]) -> Iterator[T]:
        """What is read of every model; what is wrong with those that cannot be read is logged."""
        for name in self.names():
            try:
                yield read(name)
            except InscapeError as error:
                logger.warning("skipping the model %r: %s", name, error)

    def default(self) -> str | None:
        """The first model that can be painted with."""
        cards = self.readable(lambda name: (name, self.card(name)))
        return next((name for name, card in cards if paints(card)), None)

    def segmenters(self) -> list[str]:
        """The shipped segmenters, those of the models here first, in their order."""
        known = segmenter_names()
        named = dict.fromkeys(card.segmenter for card in self.readable(self.card))
        return sorted(known, key=lambda name: [*named, *known].index(name))

    def paintable(self, name: str) -> Card:
        """The card of a model that can be painted with.

        Raises:
            ModelNotFoundError: The studio offers no such model.
            UnsupportedError: It draws no pictures.
        """
        card = self.card(name)
        if not paints(card):
            raise UnsupportedError(f"{name!r} is {card.noun}; only generators can be painted with.")
        return card

    def generator(self, name: str) -> inscape.Generator:
        """The opened generator; called in the compute thread.

        Raises:
            UnsupportedError: It is not a generator.
        """
        if name not in self._open:
            self.watch(name)
            self._open[name] = self.fresh(name)
        return self._open[name]

    def on_cpu(self, name: str) -> inscape.Generator:
        """The same on the CPU, where rules are made and tried."""
        generator = self.generator(name)
        if generator.device.type == "cpu":
            return generator
        if name not in self._on_cpu:
            self._on_cpu[name] = self.fresh(name, device="cpu")
        return self._on_cpu[name]

    def opened(self, name: str) -> bool:
        """Whether its network has been loaded."""
        return name in self._open

    def fresh(self, name: str, *, device: str | None = None) -> inscape.Generator:
        """A network of its own, for long work that must not meet a stroke in between."""
        self.paintable(name)
        model = self.network(name, device=device)
        assert isinstance(model, inscape.Generator)
        return model

    def network(self, name: str, *, device: str | None = None) -> inscape.Model:
        """The same of a model of any kind.

        Raises:
            ModelNotFoundError: The studio offers no such model.
        """
        return open_model(self.argument(name), device=device or self.device)


def stamp_of(path: Path) -> Stamp:
    """What changes with a file: its size, dates and place on the disk; empty where there is none."""
    try:
        known = path.stat()
    except OSError:
        return ()
    return known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino


def _stamps(folder: Path) -> list[Stamp]:
    return [stamp_of(folder / name) for name in ("card.json", "weights.safetensors")]


@lru_cache(maxsize=256)
def _read(path: Path, stamp: Stamp) -> Card:
    """A card, once per state of its file."""
    return Card.read(path)


def paints(card: Card) -> bool:
    """Whether a model of that card can be painted with."""
    return card.kind == "generator" and card.image_size is not None


def classifies(card: Card) -> bool:
    """Whether a model of that card gives one class to a picture; a segmenter gives one to each pixel."""
    return card.kind == "classifier" and not card.concepts
