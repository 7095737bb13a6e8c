"""Fields that several requests share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from inscape.verbs._parameters import Argument, Option

ModelName = Annotated[
    str,
    Argument(
        "Name of a shipped model (see `inscape models`), a folder or a checkpoint file.", metavar="MODEL"
    ),
]
Device = Annotated[str, Option("Where the network runs: auto, cpu, cuda:0 or mps.")]
Out = Annotated[Path, Option("File or folder to write to.")]
Seed = Annotated[int, Option("Seed of the random numbers."), Ge(0), Le(2**32 - 1)]
FreshSeed = Annotated[int, Option("Seed of the first picture."), Ge(0)]
Seeds = Annotated[str, Option("Seeds such as 0-63 or 1,5,9-12.")]
Grid = Annotated[bool, Option("Write one picture with all of them side by side.")]
Layer = Annotated[str | None, Option("Name of the layer. [default: the model's default layer]")]
Classes = Annotated[
    str | None,
    Option(
        "Classes that a conditional generator draws: numbers or names such as 3, 0-9 or cat. Each class "
        "gets two seeds in turn. [default: all classes]",
        flag="--class",
    ),
]
Format = Annotated[
    str | None,
    Option(
        "Format to write: safetensors, nvidia, rosinality, progan, dcgan, gguf (float32), gguf-f16 or "
        "huggingface (a folder). [default: by the suffix of OUT, else the format of the input]"
    ),
]
Template = Annotated[
    Path | None,
    Option("A file of the same format and layer sizes. OUT becomes a copy of it with the model's weights."),
]
Units = Annotated[str | None, Option("Use these units, such as 3,17,40-42, instead of a concept's.")]
UnitValue = Annotated[
    str,
    Option(
        "Value of a unit that is switched on: quantile (its 99 % quantile), mean (its mean where the "
        "concept is), or the level of a quantile such as 0.995."
    ),
]
Workers = Annotated[
    str,
    Option("Spread the work: a number of processes, ray, or the address ray://HOST:PORT of a cluster."),
]
RankName = Annotated[
    str | None,
    Option(
        "Order of a concept's units: alpha (optimised set), effect (each unit alone) or iou (overlap). "
        "[default: the first of these that the report holds]"
    ),
]
ReportFolder = Annotated[
    Path | None, Option("Folder of a dissection report. [default: the report beside the weights]")
]
SegmenterName = Annotated[
    str | None,
    Option("Segmenter that labels the pictures. [default: the card's, else the report's]"),
]
FitName = Annotated[str, Option("How a photo is made square: crop, pad or stretch.")]
