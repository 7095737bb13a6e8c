"""Long work of the page Rewrite, as jobs: getting ready, searching, making rules, measuring, advising."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.errors import ConceptError, unknown_name
from inscape.studio.job_schemas import JobInfo
from inscape.studio.results import AdviceResult, AuditResult, KeysResult, RuleResult, SearchResult
from inscape.studio.rule_advice import advise
from inscape.studio.rule_schemas import AdviceRequest, AuditRequest, PrepareRequest, RuleRequest, RuleSearch
from inscape.studio.rules import Rules

if TYPE_CHECKING:
    from inscape.progress import Progress
    from inscape.studio.jobs import Jobs, Told
    from inscape.studio.library import Library


class RuleJobs:
    """Starts them.

    Args:
        jobs: All jobs of the launch.
        rules: Does the work.
        library: The models that can be named.
    """

    def __init__(self, jobs: Jobs, rules: Rules, library: Library) -> None:
        self._jobs, self._rules, self._library = jobs, rules, library

    def prepare(self, model: str, request: PrepareRequest) -> JobInfo:
        """Get ready to rewrite a layer; one that is ready ends at once."""
        name = self._layer(model, request.layer)

        def work(progress: Progress) -> KeysResult:
            return self._rules.prepare(model, name, request.seeds, progress)

        return self._jobs.start(
            "keys", f"Prepare {name} of {model}", work, model=model, layer=name, asked=request
        )

    def search(self, model: str, request: RuleSearch) -> JobInfo:
        """Look for a context."""
        layer = self._layer(model, request.layer)

        def work(progress: Progress) -> SearchResult:
            return self._rules.search(model, request, progress)

        where = (
            f"{len(request.seeds)} pictures on the wall" if request.seeds else f"{request.pictures} pictures"
        )
        name = f"Search {where} of {model} at {layer}"
        return self._jobs.start("search", name, work, model=model, layer=layer, asked=request)

    def make(self, model: str, request: RuleRequest) -> JobInfo:
        """Make a rule."""
        layer = self._layer(model, request.choices.layer)

        def work(progress: Progress) -> RuleResult:
            return self._rules.make(model, request, progress)

        name = f"Make “{request.name or 'Rule'}” in {layer} of {model}"
        return self._jobs.start("rule", name, work, model=model, layer=layer, asked=request)

    def audit(self, model: str, request: AuditRequest) -> JobInfo:
        """Measure reach and leak of a stack."""
        self._concepts(model, request.context, request.goal)

        def work(progress: Progress) -> AuditResult:
            edits = self._rules.edits(model, request.edits)
            found = self._rules.audit(model, request.images, progress).measure(
                edits, request.context, request.goal, progress=progress
            )
            return AuditResult(context=request.context, goal=request.goal, **found.to_json())

        concepts = f"{request.context} → {request.goal or 'anything else'}"
        name = f"Measure {concepts} ({request.images} pictures of {model})"
        return self._jobs.start("audit", name, work, model=model, layer="", asked=request)

    def advise(self, model: str, request: AdviceRequest) -> JobInfo:
        """Try layers and ranks."""
        self._concepts(model, request.concept, request.becomes)
        layers = [self._layer(model, layer) for layer in request.layers]

        def work(progress: Told) -> AdviceResult:
            return advise(self._rules, model, request, layers, progress)

        name = f"Compare layers for {request.concept} → {request.becomes or 'anything else'} of {model}"
        return self._jobs.start("advice", name, work, model=model, layer="", asked=request)

    def _layer(self, model: str, layer: str) -> str:
        return self._library.paintable(model).layer(layer).name

    def _concepts(self, model: str, *names: str | None) -> None:
        """What can be refused before a job is queued."""
        card = self._library.paintable(model)
        known = list(card.vocabulary.names) if card.concepts else []
        for name in names:
            if known and name is not None and name not in known:
                raise ConceptError(*unknown_name("concept", name, known))
