"""The interface of a checkpoint format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from inscape.models.formats.found import Found
    from inscape.models.model import Model

Checkpoint: TypeAlias = Mapping[str, Any]
"""A dictionary of a checkpoint: tensors, records and plain values by name, of which nothing is known yet."""


@dataclass(frozen=True)
class Format:
    """A format of checkpoints.

    Attributes:
        title: What such files are, in the plural: "state dicts of DCGANs".
        recognises: Whether something is of this format: what a file holds, and where no format knows that,
            what lies in its dictionaries and under its prefixes. It sees the content, never the name.
        read: Finds the network in it. It raises FormatError where something is missing or does not fit, and
            UnsupportedError where the network does something that ours does not, with a message that begins
            with "it". What it finds are views of the file in our shapes, so that writing back needs no more.
        suffixes: Endings of file names that ask for this format when a model is written.
        architectures: Those that the endings ask it for; empty for any.
        write: Writes a file from nothing; None where a file is only written as a copy of one that is there,
            with its weights replaced.
        copies: Whether such a copy is made where there is a file to copy, so that what else it holds stays.
        copy: Writes a copy of a file, given second, with the weights of a model; where views do not suffice.
        like: Name of the format that it is read as, and whose files it copies; its own unless given.
    """

    title: str
    recognises: Callable[[object], bool]
    read: Callable[[Any], Found]
    suffixes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    write: Callable[[Model, Path], None] | None = None
    copies: bool = True
    copy: Callable[[Model, Path, Path], None] | None = None
    like: str | None = None
