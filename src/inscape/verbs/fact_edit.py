"""`inscape fact edit`: an edit that changes what a language model says of subjects."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from inscape.errors import UsageError, unknown_name
from inscape.verbs._facts import Count, FactsFile, facts_of, held_of
from inscape.verbs._languages import open_language_model
from inscape.verbs._options import Device, ModelName, Seed
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.editing import JointEdit, WeightEdit
    from inscape.facts import EditSettings, Fact, FactEditor
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress

METHODS = ("rome", "memit", "alphaedit", "ft", "ft+l")
_SHOWN = 10


@dataclass(frozen=True)
class FactEditRequest(Request):
    """Change what a language model says of a subject, by an edit of its weights.

    Takes one fact (--prompt, --subject, --target) or many (--facts). Writes the change as an edit, which
    `inscape apply` lays into a checkpoint.
    """

    model: ModelName
    prompt: Annotated[
        str | None,
        Option("Text that the object follows, with the subject in it or {} in the subject's place."),
    ] = None
    subject: Annotated[str | None, Option("What the fact is about, as it stands in the prompt.")] = None
    target: Annotated[str | None, Option("What the model is to say instead.")] = None
    facts: FactsFile = None
    count: Count = None
    seed: Seed = 0
    method: Annotated[str, Option("How: rome, memit, alphaedit, ft or ft+l.")] = "rome"
    layers: Annotated[
        str | None,
        Option(
            "MLPs that change: blocks.6.mlp, 6, or 4-6 for several. [default: a fifth of the way up; memit: "
            "that one and the two below]"
        ),
    ] = None
    text: Annotated[
        Path | None,
        Option("Text file for the second moment of the keys. [default: dictionary glosses that ship]"),
    ] = None
    out: Annotated[Path, Option("Edit file to write.")] = Path("fact.edit.safetensors")
    device: Device = "auto"

    def check(self) -> None:
        """Refuse what says neither one fact nor many, and a method that there is not."""
        one = [self.prompt, self.subject, self.target]
        if self.method not in METHODS:
            raise UsageError(*unknown_name("method", self.method, METHODS))
        if self.facts is None and not all(one):
            raise UsageError("One fact is --prompt, --subject and --target; many are --facts FILE.")
        if self.facts is not None and any(one):
            raise UsageError("Either --facts, or --prompt with --subject and --target.")
        if self.facts is None and self.count is not None:
            raise UsageError("--count draws from --facts, and none are given.")

    def asked(self) -> tuple[Fact, ...]:
        """The facts.

        Raises:
            ValueRangeError: The prompt or the subject is empty, or the subject is not in the prompt.
            FormatError: The file holds no facts.
        """
        from inscape.facts import Fact

        if self.facts is not None:
            return facts_of(self.facts)
        return (Fact.asked(self.prompt or "", self.subject or "", new=self.target or ""),)


@dataclass(frozen=True)
class FactEditResult:
    """The edit, and what the model says before and after it.

    Args:
        path: The file that it was written to.
        edit: The edit.
        editor: What made it.
        before: By prompt, the likeliest next tokens with their probabilities.
        after: The same with the edit.
        seconds: How long making it took, without what was prepared for it.
    """

    path: Path
    edit: WeightEdit | JointEdit
    editor: FactEditor
    before: dict[str, list[tuple[str, float]]]
    after: dict[str, list[tuple[str, float]]]
    seconds: float

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {
            "edit": str(self.path),
            "method": self.editor.settings.method,
            "layers": list(self.editor.layers),
            "before": {prompt: [list(pair) for pair in rows] for prompt, rows in self.before.items()},
            "after": {prompt: [list(pair) for pair in rows] for prompt, rows in self.after.items()},
            "seconds": self.seconds,
        }

    def text(self) -> str:
        """What a person reads."""
        lines = [
            f"{self.path}: {self.editor.settings.method} in {', '.join(self.editor.layers)}, "
            f"{self.seconds:.1f} s"
        ]
        for prompt in list(self.before)[:_SHOWN]:
            said = [
                ", ".join(f"{token!r} {value:.2f}" for token, value in rows[:3])
                for rows in (self.before[prompt], self.after[prompt])
            ]
            lines.append(f"{prompt} …  before: {said[0]}; after: {said[1]}")
        if len(self.before) > _SHOWN:
            lines.append(f"… and {len(self.before) - _SHOWN} more prompts")
        return "\n".join(lines)


def run(request: FactEditRequest, progress: Progress) -> FactEditResult:
    """Open the model, make the edit and write it.

    Raises:
        UsageError: The file's name is none of an edit, or the layers cannot be parsed.
        ModelNotFoundError, UnsupportedError: There is no such language model, or it only runs as a whole.
        LayerError: It has no such layers.
        ValueRangeError: The subject is not in the prompt, a text is empty or too long, or the model holds
            too few of the facts.
        FormatError: A file is damaged.
        StorageError: The edit cannot be written.
    """
    from inscape.editing import check_name
    from inscape.storage import check_writable

    check_writable(check_name(request.out))
    facts = request.asked()
    model = open_language_model(request.model, request.device, "fact edit", progress=progress)
    return edit_opened(model, request, facts, progress)


def edit_opened(
    model: LanguageModel, request: FactEditRequest, facts: tuple[Fact, ...], progress: Progress
) -> FactEditResult:
    """Edit facts in a model that is open already; errors are those of `run`."""
    from inscape.facts import FactEditor
    from inscape.facts.texts import read_texts
    from inscape.storage import save_or_rescue

    texts = None if request.text is None else read_texts(request.text)
    settings = edit_settings(model, request)
    if request.facts is not None:
        facts = held_of(model, facts, request.count, request.seed, progress).facts
    prompts = list(dict.fromkeys(fact.text for fact in facts))
    before = dict(zip(prompts, model.likeliest(prompts, _SHOWN), strict=True))
    editor = FactEditor(model, settings, texts=texts, progress=progress)
    started = time.perf_counter()
    edit = editor.edit(facts, name=edit_name(facts), progress=progress)
    seconds = time.perf_counter() - started
    save_or_rescue((request.out, edit.save))
    with model.edited([edit]):
        after = dict(zip(prompts, model.likeliest(prompts, _SHOWN), strict=True))
    return FactEditResult(request.out, edit, editor, before, after, seconds)


def edit_settings(model: LanguageModel, request: FactEditRequest) -> EditSettings:
    """Method and layers of a request.

    Raises:
        LayerError: The model has no such layers.
        ValueRangeError: The method changes one layer, and several are named.
    """
    from inscape.facts import EditSettings, block_of

    blocks: list[int] = []
    for part in (request.layers or "").split(","):
        first, dash, last = part.strip().partition("-")
        if first:
            start = block_of(model, first)
            blocks += range(start, block_of(model, last) + 1 if dash else start + 1)
    return EditSettings(request.method, tuple(sorted(set(blocks))))  # type: ignore[arg-type]


def edit_name(facts: tuple[Fact, ...]) -> str:
    """What an edit of facts is called."""
    return f"{facts[0].text} {facts[0].new}" if len(facts) == 1 else f"{len(facts)} facts"
