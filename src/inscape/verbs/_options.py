"""Fields that several requests share, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from inscape.verbs._parameters import Argument, Option

ModelName = Annotated[
    str, Argument("A shipped model (see `inscape models`), a folder or a checkpoint.", metavar="MODEL")
]
DEVICE = Option("auto, cpu, cuda:0, mps.")
Device = Annotated[str, DEVICE]
Out = Annotated[Path, Option("Where to write.")]
Seed = Annotated[int, Option("Where random numbers start."), Ge(0), Le(2**32 - 1)]
FreshSeed = Annotated[int, Option("Seed of the first picture."), Ge(0)]
Seeds = Annotated[str, Option("Seeds such as 0-63 or 1,5,9-12.")]
Grid = Annotated[bool, Option("One picture of all, side by side.")]
Layer = Annotated[str | None, Option("A layer's name; the model's default unless given.")]
Classes = Annotated[
    str | None,
    Option(
        "Of a conditional generator: numbers or names such as 3, 0-9 or cat; seeds take them in turn, two "
        "each. All unless given.",
        flag="--class",
    ),
]
Format = Annotated[
    str | None,
    Option("safetensors, nvidia, rosinality, progan or dcgan; as the suffix says, or as it was."),
]
Template = Annotated[
    Path | None, Option("A file of that format and those sizes: OUT is a copy with other weights.")
]
Units = Annotated[str | None, Option("Hand-picked units such as 3,17,40-42.")]
UnitValue = Annotated[str, Option("What units become: quantile, mean, or a level.")]
Workers = Annotated[
    str, Option("Who works: a number of processes, ray, or the ray://HOST:PORT of a cluster.")
]
ReportFolder = Annotated[Path | None, Option("Folder of a dissection; the shipped one otherwise.")]
SegmenterName = Annotated[
    str | None, Option("What labels the pictures; that of the card, or of the report, unless given.")
]
FitName = Annotated[str, Option("How a photo that is not square is fitted: crop, pad or stretch.")]
