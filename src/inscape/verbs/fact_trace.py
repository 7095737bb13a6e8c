"""`inscape fact trace`: which states of a language model carry a fact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import UsageError
from inscape.verbs._languages import open_language_model
from inscape.verbs._options import Device, ModelName, Seed
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.facts import Fact, Trace
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress

_SHADES = " ░▒▓█"


@dataclass(frozen=True)
class FactTraceRequest(Request):
    """Find the states of a language model that carry a fact.

    Hides the subject of the prompt with noise. Then puts each state of the undisturbed run back alone, and
    measures how much of the answer's probability returns.
    """

    model: ModelName
    prompt: Annotated[
        str, Option("Text that the object follows, with the subject in it or {} in the subject's place.")
    ]
    subject: Annotated[str, Option("What the fact is about, as it stands in the prompt.")]
    object: Annotated[
        str | None,
        Option("Object whose first token is followed. [default: what the model says itself]"),
    ] = None
    runs: Annotated[int, Option("Number of noisy runs that are averaged."), Ge(1)] = 10
    noise: Annotated[
        float,
        Option("Strength of the noise, in standard deviations of the embeddings of subjects."),
        Ge(0.01),
    ] = 3.0
    window: Annotated[
        int | None,
        Option("Number of blocks whose MLPs, or attention, are put back together. [default: a sixth of all]"),
        Ge(1),
    ] = None
    seed: Seed = 0
    out: Annotated[Path | None, Option("Write the three maps as a picture, FILE.svg.")] = None
    device: Device = "auto"

    def check(self) -> None:
        """Refuse an empty object, and a picture of another kind.

        Raises:
            UsageError: An object was given and is empty, or the picture's name does not end in .svg.
        """
        if self.object is not None and not self.object.strip():
            raise UsageError("--object is empty. Leave it out to follow what the model says itself.")
        if self.out is not None and self.out.suffix.lower() != ".svg":
            raise UsageError(f"--out is a picture whose name ends in .svg, got {str(self.out)!r}.")

    def fact(self) -> Fact:
        """The fact that is traced.

        Raises:
            ValueRangeError: The prompt or the subject is empty, or the subject is not in the prompt.
        """
        from inscape.facts.fact import Fact

        return Fact.asked(self.prompt, self.subject, true=self.object or "")


@dataclass(frozen=True)
class FactTraceResult:
    """What was found.

    Args:
        trace: The maps.
        out: Where the picture is.
    """

    trace: Trace
    out: Path | None

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return self.trace.to_json()

    def text(self) -> str:
        """What a person reads: the hidden states as a map, and where each kind of state does most."""
        trace, most = self.trace, max(float(self.trace.effect["hidden"].max()), 1e-9)
        lines = [
            f"Probability of {trace.answer!r}: {trace.clean:.3f}, "
            f"and {trace.corrupted:.3f} with the subject hidden."
        ]
        if trace.said != trace.answer:
            lines.append(f"The model itself says {trace.said!r}: it does not hold this fact.")
        lines += ["", "hidden states, token by layer:"]
        width = max(map(len, trace.tokens))
        for number, (token, row) in enumerate(zip(trace.tokens, trace.effect["hidden"], strict=True)):
            shades = "".join(_SHADES[round(max(0.0, value) / most * (len(_SHADES) - 1))] for value in row)
            marked = "*" if trace.subject[0] <= number <= trace.subject[1] else " "
            lines.append(f"{token.replace(chr(10), ' '):>{width}}{marked} │{shades}│")
        lines.append("")
        for kind in trace.effect:
            place, layer, value = trace.peak(kind)
            lines.append(f"{kind:10} {value:+.3f} at {trace.tokens[place]!r} in layer {layer}")
        return "\n".join(lines if self.out is None else [*lines, f"The maps are in {self.out}"])


def run(request: FactTraceRequest, progress: Progress) -> FactTraceResult:
    """Open the model and trace the fact.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such language model, or it only runs as a whole.
        ValueRangeError: The prompt or the subject is empty, the subject is not in the prompt, or the prompt
            is longer than the model reads at once.
        StorageError: The picture cannot be written.
    """
    from inscape.storage import check_writable

    request.fact()
    if request.out is not None:
        check_writable(request.out)
    model = open_language_model(request.model, request.device, "fact trace", progress=progress)
    return trace_opened(model, request, progress)


def trace_opened(model: LanguageModel, request: FactTraceRequest, progress: Progress) -> FactTraceResult:
    """Trace a fact of a model that is open already; errors are those of `run`."""
    from inscape.facts import TraceSettings, trace, write_maps

    settings = TraceSettings(request.noise, request.runs, request.window, request.seed)
    found = trace(model, request.fact(), settings, progress=progress)
    if request.out is not None:
        write_maps(found, request.out)
    return FactTraceResult(found, request.out)
