import type { Evidence } from "./shapes";

type Points = Evidence["deletion"];

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [360, 190, 40, 34, 10, 8];

/** The logit as units are switched off: the largest parts, random units, and units that are as active. */
export function DeletionChart({ points }: { points: Points }) {
  const last = points.at(-1);
  if (!last) return null;
  const values = points.flatMap((one) => [one.best, ...one.random, ...one.active]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (units: number) => LEFT + ((WIDTH - LEFT - RIGHT) * units) / last.units;
  const y = (value: number) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - value)) / (high - low || 1);
  const line = (of: (one: Points[number]) => number) =>
    points.map((one) => `${x(one.units).toFixed(1)},${y(of(one)).toFixed(1)}`).join(" ");
  const band = (name: "random" | "active") =>
    [
      ...points.map((one) => `${x(one.units)},${y(one[name][1])}`),
      ...[...points].reverse().map((one) => `${x(one.units)},${y(one[name][2])}`),
    ].join(" ");
  const levels = [0, 0.5, 1].map((share) => low + (high - low) * share);
  return (
    <figure class="explain-chart" data-testid="explain-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="The logit as units are switched off">
        {levels.map((level) => (
          <g key={level}>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(level)} y2={y(level)} class="grid" />
            <text x={LEFT - 6} y={y(level) + 4} text-anchor="end">
              {level.toFixed(1)}
            </text>
          </g>
        ))}
        {[0, Math.round(last.units / 2), last.units].map((units) => (
          <text key={units} x={x(units)} y={HEIGHT - 18} text-anchor="middle">
            {units}
          </text>
        ))}
        <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 3} text-anchor="middle">
          units off
        </text>
        <polygon points={band("random")} class="random" />
        <polygon points={band("active")} class="active" />
        <polyline points={line((one) => one.random[0])} class="random" />
        <polyline points={line((one) => one.active[0])} class="active" />
        <polyline points={line((one) => one.best)} class="best" />
      </svg>
      <figcaption>
        <b class="best">largest parts</b> <b class="random">random units</b> <b class="active">as active</b>
      </figcaption>
    </figure>
  );
}
