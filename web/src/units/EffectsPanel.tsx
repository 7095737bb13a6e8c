import { useState } from "preact/hooks";
import { api, type ReportInfo } from "../api/client";
import { type Effect, readEffect } from "../engine/effect";
import { percent } from "../engine/numbers";
import { conceptColour } from "../engine/palette";
import { Button, Select, Slider } from "../ui/controls";
import { JobProgress } from "./JobProgress";
import { isActive, useJob } from "./jobs";

const signed = (change: number) => `${change > 0 ? "+" : change < 0 ? "−" : "±"}${percent(Math.abs(change))}`;
const [WIDTH, HEIGHT] = [320, 140];

/** What is left of a concept after each unit that was switched off, beside what random units do. */
function Curve({ effect }: { effect: Effect }) {
  const last = Math.max(1, ...effect.curve.map(([off]) => off));
  const x = (off: number) => 30 + ((WIDTH - 40) * off) / last;
  const y = (change: number) => 10 + (HEIGHT - 34) * Math.min(1, Math.max(0, -change));
  const path = effect.curve.map(
    ([off, change], i) => `${i ? "L" : "M"}${x(off).toFixed(1)} ${y(change).toFixed(1)}`,
  );
  const band = effect.interval;
  return (
    <svg
      class="effect-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Change of ${effect.concept} by units off`}
    >
      {band && (
        <rect
          x={30}
          width={WIDTH - 40}
          y={y(band[1])}
          height={Math.max(2, y(band[0]) - y(band[1]))}
          class="band"
        />
      )}
      <line x1={30} x2={WIDTH - 10} y1={y(0)} y2={y(0)} class="axis" />
      <path d={path.join(" ")} class="line" style={{ stroke: conceptColour(effect.concept) }} />
      <text x={26} y={y(0) + 4} text-anchor="end">
        0
      </text>
      <text x={26} y={y(-1) + 4} text-anchor="end">
        −100
      </text>
      <text x={30} y={HEIGHT - 6}>
        0 units off
      </text>
      <text x={WIDTH - 10} y={HEIGHT - 6} text-anchor="end">
        {last}
      </text>
    </svg>
  );
}

function Result({ effect }: { effect: Effect }) {
  return (
    <div class="effect" data-testid="effect-result">
      <p>
        <b class="big">{signed(effect.change)}</b> {effect.concept} in {effect.images} new pictures: from{" "}
        {percent(effect.before, 1)} of the picture to {percent(effect.after, 1)}.
      </p>
      {effect.control !== null && (
        <p class="hint">
          As many random units: {signed(effect.control)}
          {effect.interval && `, between ${signed(effect.interval[0])} and ${signed(effect.interval[1])}`} in{" "}
          {effect.sets} sets (the band).
        </p>
      )}
      {effect.curve.length > 1 && <Curve effect={effect} />}
    </div>
  );
}

/** Correlation is not cause: switch the units of a concept off and measure what goes. */
export function EffectsPanel({
  model,
  report,
  chosen,
}: {
  model: string;
  report: ReportInfo;
  chosen: string;
}) {
  const concepts = Object.keys(report.rankings ?? {});
  const [picked, setPicked] = useState("");
  const [count, setCount] = useState(20);
  const concept = [picked, chosen, "tree"].find((one) => concepts.includes(one)) ?? concepts[0] ?? "";
  const { job, problem, start, cancel } = useJob(
    (one) => one.kind === "effects" && one.model === model && one.layer === report.layer,
    () => undefined,
  );
  const effect = job?.state === "done" ? readEffect(job.result) : null;
  const units = (report.rankings?.[concept] ?? [])
    .slice(0, count)
    .flatMap(([unit]) => (unit === undefined ? [] : [unit]));
  const measure = () =>
    start(() => api.startEffects(model, { layer: report.layer, units, concept, images: 200, insert: false }));
  return (
    <details class="panel effects" data-testid="effects">
      <summary>
        <h2>What do they cause?</h2>
      </summary>
      <p class="hint">
        Switches the best units of a concept off everywhere, and measures how much of it is left.
      </p>
      <div class="row">
        <Select
          label="Concept"
          value={concept}
          choices={concepts.map((value) => ({ value, label: value }))}
          testid="effect-concept"
          onChange={setPicked}
        />
        <Slider
          label="Units off"
          value={count}
          min={1}
          max={40}
          step={1}
          shown={String(count)}
          testid="effect-units"
          onChange={setCount}
        />
        <Button
          kind="primary"
          icon="flask"
          label="Measure"
          testid="effect-start"
          disabled={isActive(job)}
          onClick={measure}
        />
      </div>
      {job && isActive(job) && <JobProgress job={job} onCancel={cancel} />}
      {problem && (
        <p class="problem" role="alert">
          {problem.title}: {problem.detail} {problem.hint}
        </p>
      )}
      {effect && <Result effect={effect} />}
    </details>
  );
}
