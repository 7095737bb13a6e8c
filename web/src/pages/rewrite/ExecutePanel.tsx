import { fileNameOf } from "../../engine/editStack";
import { percent } from "../../engine/numbers";
import {
  type Choices,
  missing,
  type RuleState,
  ridgeOf,
  strengthOf,
  taskNameOf,
  under,
} from "../../engine/rule";
import { Button, isActive, JobProgress, Select, Slider, useStore, VerbLine } from "../../kit";
import { nameOf, newRule, saveTask } from "./actions";
import { jobs } from "./jobs";
import { setLayer } from "./start";
import { rewrite } from "./state";
import { apply } from "./work";

const SOLVERS = [
  { value: "reduced", label: "Reduced problem (exact, fast)" },
  { value: "steps", label: "Projected Adam of the authors (slow)" },
  { value: "layer", label: "All weights of the layer (no rule)" },
] as const;
const METHODS = [
  { value: "whitened", label: "Whitened keys" },
  { value: "svd", label: "Singular vectors of C⁻¹k" },
  { value: "mean", label: "Mean key (rank 1)" },
  { value: "units", label: "Single units" },
] as const;

const choose = (change: Partial<Choices>, key = "") =>
  apply((state) => ({ ...state, choices: { ...state.choices, ...change } }), key);

function Advanced({ choices }: { choices: Choices }) {
  return (
    <details class="more">
      <summary>Advanced</summary>
      <div class="row">
        <Select
          label="Solver"
          value={choices.solver}
          choices={SOLVERS}
          testid="solver"
          onChange={(solver) => choose({ solver })}
        />
        <Select
          label="Directions"
          value={choices.method}
          choices={METHODS}
          testid="method"
          onChange={(method) => choose({ method })}
        />
        <Slider
          label="Halo"
          value={choices.halo}
          range={[0, 4, 1]}
          shown={`${choices.halo} cells`}
          testid="halo"
          hint="Number of cells around the paste that must stay as they are"
          onChange={(halo) => choose({ halo }, "halo")}
        />
      </div>
    </details>
  );
}

/** The same rule without the studio: a task and the line that reads it. */
function InTerminal({ rule }: { rule: RuleState }) {
  const { command } = useStore(rewrite);
  const name = nameOf(rule);
  const request = { model: command, task: taskNameOf(name), out: fileNameOf(name) };
  const below = under(rule).some((one) => !one.hidden && one.strength > 0);
  return (
    <details class="more" data-testid="in-terminal">
      <summary>In a terminal</summary>
      <div class="row">
        <Button label="Save the task" icon="download" testid="save-task" onClick={() => void saveTask()} />
      </div>
      <VerbLine verb="rewrite" request={request} />
      {below && (
        <p class="hint">
          This command makes the rule on the unedited model. Switch off the edits below for the same result
          here.
        </p>
      )}
    </details>
  );
}

/** What the last rule came to. */
function Outcome() {
  const { rule, infos, said } = useStore(rewrite);
  const made = rule.making ? infos[rule.making] : undefined;
  if (said)
    return (
      <p class="hint" role="status" data-testid="said">
        {said}
      </p>
    );
  if (!made || made.loss === null || made.loss_before === null) return null;
  const kept = made.loss_before > 0 ? made.loss / made.loss_before : 0;
  return (
    <dl class="outcome" data-testid="outcome">
      <div>
        <dt>Distance to goal</dt>
        <dd>
          {made.loss_before.toFixed(3)} → <b>{made.loss.toFixed(3)}</b>
        </dd>
      </div>
      <div>
        <dt>Missing</dt>
        <dd>{percent(kept)}</dd>
      </div>
      <div>
        <dt>Weights moved</dt>
        <dd>{percent(made.change ?? 0)}</dd>
      </div>
    </dl>
  );
}

/** How strong the rule is, and how many directions it has. */
function Amounts({ choices, most }: { choices: Choices; most: number }) {
  const strength = strengthOf(choices.ridge);
  return (
    <div class="row">
      <Slider
        label="Strength"
        value={strength}
        range={[0, 100, 1]}
        testid="rule-strength"
        hint="A stronger rule comes closer to the goal and changes more of the rest"
        onChange={(value) => choose({ ridge: ridgeOf(value) }, "ridge")}
      />
      <Slider
        label="Rank"
        value={choices.rank}
        range={[1, most, 1]}
        testid="rule-rank"
        hint="Number of directions of the layer's keys that change"
        onChange={(rank) => choose({ rank }, "rank")}
      />
    </div>
  );
}

/** How the rule is made, and the button that makes it. */
export function ExecutePanel() {
  const { rule, layers } = useStore(rewrite);
  const { job, starting } = useStore(jobs.rule.store);
  const { choices } = rule;
  const layer = layers.find((one) => one.name === choices.layer);
  const usable = layers.filter((one) => one.inputs !== null);
  const running = starting || isActive(job);
  const lacking = missing(rule);
  return (
    <section class="panel draft" aria-labelledby="rule-title">
      <header>
        <h2 id="rule-title">Rule</h2>
        <Select
          label="Layer"
          value={choices.layer}
          choices={usable.map(({ name, size }) => ({ value: name, label: `${name} · ${size} × ${size}` }))}
          testid="rule-layer"
          onChange={setLayer}
        />
      </header>
      <Amounts choices={choices} most={layer?.largest_rank ?? 1} />
      <Advanced choices={choices} />
      <div class="row execute-row">
        {!running && (
          <Button
            kind="primary"
            icon="play"
            label={rule.making ? "Execute again" : "Execute"}
            action="execute"
            disabled={lacking !== ""}
          />
        )}
        {rule.making && !running && (
          <Button label="New rule" icon="plus" testid="new-rule" onClick={newRule} />
        )}
      </div>
      {lacking ? !running && <p class="hint">{lacking}</p> : <InTerminal rule={rule} />}
      <JobProgress follower={jobs.rule} kind="rule" what="Making the rule" />
      {!running && <Outcome />}
      {!running && <JobProgress follower={jobs.keys} kind="keys" what="Preparing the layer" quiet />}
    </section>
  );
}
