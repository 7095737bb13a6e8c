import { useState } from "preact/hooks";
import { percent } from "../../engine/numbers";
import { type Advice, type Audit, bestOfLayers } from "../../engine/results";
import { missing } from "../../engine/rule";
import { Button, isActive, JobProgress, Select, useStore } from "../../kit";
import { advise, measure } from "./actions";
import { jobs } from "./jobs";
import { setLayer } from "./start";
import { installed, rewrite } from "./state";
import { apply } from "./work";

const AMOUNTS = ["64", "200", "2000"] as const;

function Figures({ audit }: { audit: Audit }) {
  const range = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`;
  return (
    <dl class="figures" data-testid="audit-result">
      <div>
        <dt>Reach</dt>
        <dd>
          <b class="big">{percent(audit.reach)}</b>
          <span>
            of the {audit.context} became {audit.goal ?? "something else"} ({range(audit.reach_interval)})
          </span>
        </dd>
      </div>
      <div>
        <dt>Leak</dt>
        <dd>
          <b class="big">{percent(audit.leak, 1)}</b>
          <span>of everything else changed ({range(audit.leak_interval)})</span>
        </dd>
      </div>
      <p class="hint">
        {audit.pictures} new pictures, {audit.with_context} of them with {audit.context}.
      </p>
    </dl>
  );
}

/** Reach and leak of every layer, side by side; a click takes one over. */
function Layers({ advice, running }: { advice: Advice; running: boolean }) {
  const best = advice.rows[advice.best];
  const take = (layer: string, rank: number) => {
    setLayer(layer);
    apply((state) => ({ ...state, choices: { ...state.choices, rank } }));
  };
  return (
    <div class="advice" data-testid="advice">
      <p class="hint">
        <span class="key reach" /> reach <span class="key leak" /> leak, over {advice.images} pictures, at the
        best rank of each layer{running && ", so far"}
      </p>
      <ul>
        {bestOfLayers(advice).map((row) => (
          <li key={row.layer} class={row.layer === best?.layer ? "best" : ""}>
            <span class="advice-name">
              {row.layer} <small>rank {row.rank}</small>
            </span>
            <span
              class="bars"
              role="img"
              aria-label={`Reach ${percent(row.reach)}, leak ${percent(row.leak, 1)}`}
            >
              <span class="bar reach" style={{ width: `${100 * row.reach}%` }} />
              <span class="bar leak" style={{ width: `${100 * row.leak}%` }} />
            </span>
            <span class="advice-figures">
              {percent(row.reach)} · {percent(row.leak, 1)}
            </span>
            <Button
              label="Use"
              testid={`use-${row.layer}`}
              class="small"
              onClick={() => take(row.layer, row.rank)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}

const NoSegmenter = () => (
  <section class="panel">
    <h2>Reach and leak</h2>
    <p class="hint">The card of this model names no segmenter, so reach and leak cannot be measured.</p>
  </section>
);

/** What was found so far. */
function Found() {
  const { audit, advice } = useStore(rewrite);
  const advising = isActive(useStore(jobs.advice.store).job);
  return (
    <>
      <JobProgress follower={jobs.audit} kind="audit" what="Measuring" />
      <JobProgress follower={jobs.advice} kind="advice" what="Comparing layers" />
      {audit && <Figures audit={audit} />}
      {advice && <Layers advice={advice} running={advising} />}
    </>
  );
}

/** What the rules that are on reach, and what else they change; and which layer would do better. */
export function MeasurePanel() {
  const { concepts, rule, infos } = useStore(rewrite);
  const running = [useStore(jobs.audit.store).job, useStore(jobs.advice.store).job];
  const [context, setContext] = useState("");
  const [goal, setGoal] = useState("");
  const [images, setImages] = useState<(typeof AMOUNTS)[number]>("200");
  const count = Number(images);
  if (concepts.length === 0) return <NoSegmenter />;
  const about = context || (concepts.find((name) => name === "spire") ?? concepts[0] ?? "");
  const busy = running.some(isActive);
  return (
    <section class="panel" aria-labelledby="measure-title" data-testid="measure">
      <h2 id="measure-title">Reach and leak</h2>
      <div class="measure-choices">
        <Select
          label="Context"
          value={about}
          choices={concepts}
          testid="audit-context"
          onChange={setContext}
        />
        <Select
          label="Becomes"
          value={goal}
          choices={[{ value: "", label: "anything else" }, ...concepts]}
          testid="audit-goal"
          onChange={setGoal}
        />
        <Select
          label="Pictures"
          value={images}
          choices={AMOUNTS}
          testid="audit-images"
          onChange={setImages}
        />
      </div>
      <div class="row">
        <Button
          icon="flask"
          label="Measure"
          testid="measure-start"
          disabled={busy || installed({ rule, infos }).length === 0}
          onClick={() => void measure(about, goal, count)}
        />
        <Button
          icon="layers"
          label="Compare layers"
          testid="advise"
          disabled={busy || missing(rule) !== ""}
          onClick={() => void advise(about, goal, Math.min(64, count))}
        />
      </div>
      <Found />
    </section>
  );
}
