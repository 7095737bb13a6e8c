import type { AskedFact } from "../../api/facts";
import { activeOf, fileNameOf } from "../../engine/editStack";
import { Button, isActive, JobProgress, Select, useStore, VerbLine } from "../../kit";
import { METHODS, shownOf } from "./draft";
import { facts, jobs, missing, nameOf, type } from "./state";

/** The prompts on which the edit is looked at; those that ship stand there unless others are typed. */
function Prompts({ shipped }: { shipped: AskedFact | null }) {
  const { draft } = useStore(facts);
  const { paraphrases, neighbours } = shownOf(draft, shipped);
  return (
    <div class="facts-others">
      <label>
        <span class="hint">Paraphrases, one a line: they should say the new object too</span>
        <textarea
          rows={3}
          data-testid="facts-paraphrases"
          value={paraphrases}
          onInput={(event) => type({ paraphrases: event.currentTarget.value })}
        />
      </label>
      <label>
        <span class="hint">Neighbours, one a line: they should stay. Write their object behind a bar.</span>
        <textarea
          rows={3}
          data-testid="facts-neighbours"
          placeholder="The Louvre is in the city of | Paris"
          value={neighbours}
          onInput={(event) => type({ neighbours: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

/** What the model is to say instead, and the button that makes it. */
export function EditPanel({ shipped }: { shipped: AskedFact | null }) {
  const { fact, draft, said, model, stack } = useStore(facts);
  const { job, starting } = useStore(jobs.edit.store);
  const { target } = shownOf(draft, shipped);
  const running = starting || isActive(job);
  const lacking = missing({ fact });
  const { method, layers } = draft;
  return (
    <section class="panel facts-edit" aria-labelledby="change-title">
      <h2 id="change-title">Change the fact</h2>
      <label>
        <span class="hint">New object: what the model is to say instead</span>
        <input
          type="text"
          data-testid="facts-target"
          value={target}
          maxLength={400}
          onInput={(event) => type({ target: event.currentTarget.value })}
        />
      </label>
      <Prompts shipped={shipped} />
      <details class="more" data-testid="facts-advanced">
        <summary>Advanced</summary>
        <div class="row">
          <Select
            label="Method"
            value={method}
            choices={METHODS}
            testid="facts-method"
            onChange={(chosen) => type({ method: chosen })}
          />
          <label class="facts-layers">
            <span>Layers</span>
            <input
              type="text"
              data-testid="facts-layers"
              placeholder="as usual, or 6, or 4-6"
              value={layers}
              maxLength={200}
              onInput={(event) => type({ layers: event.currentTarget.value })}
            />
          </label>
        </div>
      </details>
      {!running && (
        <div class="row">
          <Button
            kind="primary"
            icon="play"
            label="Execute"
            action="execute"
            testid="facts-execute"
            disabled={lacking !== ""}
          />
          <p class="hint" role="status" data-testid="facts-said">
            {said || lacking}
          </p>
        </div>
      )}
      <JobProgress follower={jobs.edit} kind="fact-edit" what="Making the edit" />
      {model && fact && !lacking && (
        <VerbLine
          verb="fact-edit"
          request={{
            model: model.argument,
            prompt: fact.prompt,
            subject: fact.subject,
            target: fact.new,
            method,
            layers: layers.trim() || null,
            out: fileNameOf(nameOf(fact)),
          }}
        />
      )}
      {activeOf(stack).length > 0 && (
        <p class="hint">
          Here the edit is made over those that are on. The line makes it on the model without edits.
        </p>
      )}
    </section>
  );
}
