"""Arrays as fields of reports."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PlainSerializer, PlainValidator


def _numbers(value: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(value, np.float64)


Numbers: TypeAlias = Annotated[
    NDArray[np.float64], PlainValidator(_numbers), PlainSerializer(lambda value: value.tolist())
]
"""A field that `report.json` holds as lists of numbers."""

Pixels: TypeAlias = Annotated[NDArray[np.uint8], PlainValidator(np.asarray)]
"""A field that is kept in a file of its own (`Report.beside`)."""
