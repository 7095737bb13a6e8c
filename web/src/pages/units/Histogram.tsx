import { quantileCurve } from "../../engine/quantiles";

const [WIDTH, HEIGHT] = [320, 120];

/** The distribution of a unit's activations as a curve of its quantiles, with the threshold marked. */
export function Histogram({
  quantiles,
  threshold,
}: {
  quantiles: readonly (readonly number[])[];
  threshold: number;
}) {
  const curve = quantileCurve(quantiles, WIDTH, HEIGHT - 22);
  if (!curve) return <p class="hint">Its distribution is unknown.</p>;
  const x = curve.place(threshold);
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="Share of places below each activation"
    >
      <path d={`${curve.path} L${WIDTH} ${HEIGHT - 22} L0 ${HEIGHT - 22} Z`} class="area" />
      <path d={curve.path} class="line" />
      <line x1={x} x2={x} y1={0} y2={HEIGHT - 22} class="mark" />
      <text x={Math.min(WIDTH - 4, x + 4)} y={12} text-anchor={x > WIDTH * 0.7 ? "end" : "start"}>
        threshold {threshold.toFixed(2)}
      </text>
      <text x={0} y={HEIGHT - 6}>
        {curve.low.toFixed(2)}
      </text>
      <text x={WIDTH} y={HEIGHT - 6} text-anchor="end">
        {curve.high.toFixed(2)}
      </text>
    </svg>
  );
}
