"""`inscape fact judge`: what edits of facts change, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.verbs._facts import Count, facts_of, held_of
from inscape.verbs._languages import open_language_model
from inscape.verbs._options import Device, ModelName, Seed
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inscape.editing import AnyEdit
    from inscape.facts import Fact, FactsJudged
    from inscape.models.language import LanguageModel
    from inscape.progress import Progress


@dataclass(frozen=True)
class FactJudgeRequest(Request):
    """Judge edits of facts: efficacy, paraphrase, neighbourhood, their harmonic mean, and fluency.

    Facts that the model does not hold are counted and left out. With edits, the facts of the file that they
    changed are judged, and all where an edit does not say which.
    """

    model: ModelName
    facts: Annotated[
        str,
        Option("File of facts, of Inscape's form or CounterFact's, or `shipped` for those that ship."),
    ]
    edit: Annotated[tuple[Path, ...], Option("Edit file; repeatable.")] = ()
    count: Count = None
    seed: Seed = 0
    length: Annotated[
        int,
        Option(
            "Number of tokens written about each subject for the fluency; 0 leaves fluency and texts out."
        ),
        Ge(0),
    ] = 60
    device: Device = "auto"


@dataclass(frozen=True)
class FactJudgeResult:
    """The judgement.

    Args:
        judged: Before and after.
        missed: Facts that the model does not hold.
    """

    judged: FactsJudged
    missed: int

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return self.judged.to_json() | {"missed": self.missed}

    def text(self) -> str:
        """What a person reads."""
        before, after = self.judged.before, self.judged.after
        lines = [
            f"facts          {after.judgement.facts}, left out {self.missed} that the model does not hold"
        ]
        for name in ("efficacy", "paraphrase", "neighbourhood"):
            was, now = (getattr(state.judgement, name) for state in (before, after))
            if now.mean is not None and now.interval is not None:
                low, high = now.interval
                lines.append(f"{name:14} {now.mean:.3f} ({low:.3f} to {high:.3f}), before {was.mean:.3f}")
        low, high = after.judgement.interval
        lines.append(
            f"{'score':14} {after.judgement.score:.3f} ({low:.3f} to {high:.3f}), "
            f"before {before.judgement.score:.3f}"
        )
        rows = (
            ("entropy", before.entropy, after.entropy),
            ("perplexity of texts about the subjects", before.subjects, after.subjects),
            ("perplexity of other texts", before.others, after.others),
        )
        lines += [
            f"{name} {now:.2f}, before {was:.2f}"
            for name, was, now in rows
            if was is not None and now is not None
        ]
        return "\n".join(lines)


def run(request: FactJudgeRequest, progress: Progress) -> FactJudgeResult:
    """Open the model and judge the edits.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such language model, or it only runs as a whole.
        FormatError: A file is damaged.
        ConflictError: An edit was made for another model.
        ValueRangeError: The model holds too few of the facts, or a fact lacks an object.
    """
    from inscape.editing import load_edit

    edits = [load_edit(path) for path in request.edit]
    facts = changed_facts(facts_of(request.facts), edits)
    model = open_language_model(request.model, request.device, "fact judge", progress=progress)
    return judge_opened(model, request, facts, edits, progress)


def judge_opened(
    model: LanguageModel,
    request: FactJudgeRequest,
    facts: tuple[Fact, ...],
    edits: Sequence[AnyEdit],
    progress: Progress,
) -> FactJudgeResult:
    """Judge edits of a model that is open already; errors are those of `run`."""
    from inscape.facts import judge_facts

    held = held_of(model, facts, request.count, request.seed, progress)
    found = judge_facts(model, held.facts, edits, length=request.length, progress=progress)
    return FactJudgeResult(found, len(held.missed))


def changed_facts(facts: tuple[Fact, ...], edits: Sequence[AnyEdit]) -> tuple[Fact, ...]:
    """The facts that edits say they changed, with the objects that they put in; all where one says none."""
    from dataclasses import replace

    changed: dict[tuple[str, str], str] = {}
    for edit in edits:
        said = getattr(edit, "made", {}).get("facts")
        if not isinstance(said, list):
            return facts
        changed |= {(each["prompt"], each["subject"]): each["new"] for each in said}
    new = {fact: changed.get((fact.prompt, fact.subject)) for fact in facts}
    return tuple(replace(fact, new=each) for fact, each in new.items() if each) if edits else facts
