export interface QuantileCurve {
  readonly path: string;
  readonly low: number;
  readonly high: number;
  /** Where a value lies on the horizontal axis. */
  place(value: number): number;
}

/** The share of values below each level, as an SVG path; `quantiles` are (share below, value) in rising order. */
export function quantileCurve(
  quantiles: readonly (readonly number[])[],
  width: number,
  height: number,
): QuantileCurve | null {
  const points = quantiles.flatMap(([share, value]) =>
    share !== undefined && value !== undefined && Number.isFinite(value) ? [{ share, value }] : [],
  );
  const [low, high] = [points[0]?.value, points.at(-1)?.value];
  if (low === undefined || high === undefined || points.length < 2 || high <= low) return null;
  const place = (value: number) => (width * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
  const path = points
    .map(
      ({ share, value }, index) =>
        `${index ? "L" : "M"}${place(value).toFixed(1)} ${(height * (1 - share)).toFixed(1)}`,
    )
    .join(" ");
  return { path, low, high, place };
}
