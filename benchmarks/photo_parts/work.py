"""What every part shares: the model, and what was measured and found so far, kept as soon as it is there."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

import inscape
from inscape import storage
from inscape.dissection import shipped_report
from inscape.models import Generator
from inscape.models.weights import weights_hash
from inscape.photos import (
    Inversion,
    InversionSettings,
    PhotoSession,
    Snapshot,
    encoder_for,
    invert,
)
from inscape.photos.inversion import SUFFIX
from inscape.pictures import to_tensor
from inscape.segmenters import fitting_segmenter
from inscape.types import JsonObject
from photo_parts.photo_sets import Subject
from photo_parts.pivotal import PivotalSettings

Start = Literal["encoder", "average"]
Row = JsonObject
Pixels = NDArray[np.uint8]
_SETTINGS = ("world", "seconds", "after_seconds", "fitted_steps", "fitted_rate", "latents", "strokes")
"""Options that change what is measured in a row, not only which rows there are."""


class Rows:
    """A file of rows, one JSON object a line; what is in it already is not measured again.

    Args:
        path: Of the file.
        header: What all rows hang on; a file of another one is refused.
    """

    def __init__(self, path: Path, header: Row) -> None:
        self._path = path
        self._rows: dict[tuple[str, str], Row] = {}
        text = path.read_text() if path.is_file() else ""
        if text and not text.endswith("\n"):
            path.write_text(text + "\n")
        for line in text.splitlines():
            with suppress(json.JSONDecodeError):  # the last line, where a run was killed
                row = json.loads(line)
                self._rows[row["part"], row["key"]] = row
        kept = self._rows.get(("header", ""))
        if kept is None:
            self._add("header", "", {"header": header})
        elif kept["header"] != json.loads(json.dumps(header)):
            raise SystemExit(f"{path} was measured with other settings or weights; name another file.")

    def of(self, part: str, key: str, make: Callable[[], Row], *, again: bool = False) -> Row:
        """A row, measured where it is not there, or again: with seconds and CPU-seconds."""
        if again or (part, key) not in self._rows:
            wall, cpu = time.perf_counter(), time.process_time()
            row = make()
            taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            self._add(part, key, {**taken, **row})
        return self._rows[part, key]

    def _add(self, part: str, key: str, row: Row) -> None:
        self._rows[part, key] = {"part": part, "key": key, **row}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(self._rows[part, key]) + "\n")
        if part != "header":
            sys.stderr.write(f"{part} {key}: {row['wall']:.1f} s\n")


Point = tuple[float, float, str, float]
"""Seconds, CPU-seconds, stage and PSNR."""


class Curve:
    """How the best picture came along: a point for every snapshot."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self.points: list[Point] = []

    def __call__(self, snapshot: Snapshot) -> None:
        """Note seconds, CPU-seconds, stage and PSNR."""
        self.note(snapshot.psnr, snapshot.stage)

    def note(self, psnr: float, stage: str = "adapted") -> None:
        """A point that no snapshot told of."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self.points.append((wall, cpu, stage, psnr))


class Work:
    """One run.

    Args:
        options: What was asked for on the command line.
        out: The file of rows; what is too large for it lies beside it.
    """

    def __init__(self, options: argparse.Namespace, out: Path) -> None:
        model = inscape.open(options.model, device="cpu")
        assert isinstance(model, Generator)
        self.model, self.options = model, options
        self.report = shipped_report(model)
        self.reader = fitting_segmenter(model)
        self.layer = self.report.layer
        self.files = out.with_suffix(".files")
        encoder = encoder_for(model)
        self.rows = Rows(
            out,
            {
                "model": weights_hash(model.module),
                "encoder": weights_hash(encoder) if encoder is not None else None,
                "settings": [asdict(InversionSettings()), asdict(PivotalSettings())],
                **{name: getattr(options, name) for name in _SETTINGS},
            },
        )
        self._warm = False
        self._sessions: dict[str, PhotoSession] = {}

    def inversion(self, subject: Subject, start: Start = "encoder") -> Inversion:
        """What is found for a photo; the row of it is `inverted`."""
        self.inverted(subject, start)
        return Inversion.load(self._place(subject, start))

    def inverted(self, subject: Subject, start: Start = "encoder") -> Row:
        """The figures of an inversion, made where it is not there."""
        missing = not self._place(subject, start).is_file()
        if missing:
            self.warm_up(subject)
        key = f"{subject.key}/{start}"
        return self.rows.of("inversion", key, lambda: self._invert(subject, start), again=missing)

    def warm_up(self, subject: Subject) -> None:
        """Files opened and memory taken before anything is timed."""
        if not self._warm:
            invert(self.model, subject.photo, layer=self.layer, seconds=0.5)
            self._warm = True

    def session(self, subject: Subject) -> PhotoSession:
        """Paints on a photo; the last few are kept."""
        if subject.key not in self._sessions:
            while len(self._sessions) > 2:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[subject.key] = PhotoSession(self.model, self.inversion(subject))
        return self._sessions[subject.key]

    def kept(self, name: str, make: Callable[[], dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """Tensors from a file of this run, made where it is not there."""
        path = self.files / f"{name.replace('/', '-')}.safetensors"
        if not path.is_file():
            plain = {key: value.detach().cpu().contiguous() for key, value in make().items()}
            path.parent.mkdir(parents=True, exist_ok=True)
            storage.save_tensors(path, plain, {})
        return storage.load_tensors(path)[0]

    def labels(self, *pictures: Pixels) -> NDArray[np.uint8]:
        """Label maps of pictures of one size, `[picture, plane, height, width]`."""
        return np.asarray(self.reader.segment(to_tensor(np.stack(pictures))))

    def _invert(self, subject: Subject, start: Start) -> Row:
        curve = Curve()
        settings = InversionSettings(start=start)
        wall, cpu = time.perf_counter(), time.process_time()
        found = invert(
            self.model,
            subject.photo,
            layer=self.layer,
            seconds=self.options.seconds,
            settings=settings,
            watch=curve,
        )
        taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        path = self._place(subject, start)
        path.parent.mkdir(parents=True, exist_ok=True)
        found.save(path)
        return {**taken, "psnr": dict(found.psnr), "seconds": dict(found.seconds), "curve": curve.points}

    def _place(self, subject: Subject, start: Start) -> Path:
        return self.files / f"{subject.group}-{subject.name}-{start}{SUFFIX}"


def large(inversion: Inversion, subject: Subject) -> Inversion:
    """The inversion as one of the larger photo of the same picture."""
    return replace(inversion, fit=subject.large.fit, photo_key=subject.large.key)


def gap(one: Pixels, other: Pixels) -> NDArray[np.float64]:
    """Absolute difference in grey levels, `[height, width]`."""
    found: NDArray[np.float64] = np.abs(one.astype(np.float64) - other.astype(np.float64)).mean(2)
    return found
