import type { components } from "../../api/types";
import { countOf } from "../../kit";

export type Artifacts = components["schemas"]["ArtifactsInfo"];

interface RowProps {
  readonly label: string;
  readonly values: readonly number[];
  readonly said: string;
  readonly kind: "before" | "after" | "random";
  readonly at: (value: number) => string;
  readonly line: number;
}

/** Distances on one line: a dot for each. */
function Row({ label, values, said, kind, at, line }: RowProps) {
  return (
    <div class={`distance ${kind}`}>
      <dt>{label}</dt>
      <dd class="distance-track" aria-hidden="true">
        <i class="distance-line" style={{ left: at(line) }} />
        {values.map((value, index) => (
          <i key={index} class="distance-dot" style={{ left: at(value) }} />
        ))}
      </dd>
      <dd class="distance-said">{said}</dd>
    </div>
  );
}

const three = (value: number) => value.toPrecision(3);

/** How far pictures lie from real ones: as they are, without the worst units, without random ones. */
export function Distances({ found }: { found: Artifacts }) {
  const { before, after, control, off } = found;
  const all = [before, after, ...control];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const at = (value: number) => `${(100 * (value - low)) / Math.max(1e-9, high - low)}%`;
  const worst = off.length === 1 ? "the worst unit" : `the ${off.length} worst units`;
  const compared = control.length > 0;
  const random = compared
    ? [Math.min(...control), Math.max(...control)].map(three).join(" to ")
    : "too few units outside the set";
  const rows = { at, line: before };
  return (
    <section class="panel distances" aria-label="Distance to real pictures">
      <h2>
        {found.found
          ? "Pictures come closer to real ones"
          : compared
            ? "Not more than by chance"
            : "No comparison"}{" "}
        <small>
          {found.found
            ? `with ${worst} off`
            : `is what switching ${worst} off changes: this layer may well have no such units`}
        </small>
      </h2>
      <dl>
        <Row label="As they are" values={[before]} said={three(before)} kind="before" {...rows} />
        <Row label={`Without ${worst}`} values={[after]} said={three(after)} kind="after" {...rows} />
        <Row
          label={`Without ${countOf(off.length, "random unit")}, ${countOf(control.length, "time")}`}
          values={control}
          said={random}
          kind="random"
          {...rows}
        />
      </dl>
      <p class="hint">
        Fréchet distance to real pictures over {found.images / 2} others: further left is closer.
      </p>
    </section>
  );
}
