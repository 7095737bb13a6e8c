/** What the studio measured when units were switched off, as far as the page draws it. */
export interface Effect {
  readonly concept: string;
  readonly images: number;
  readonly before: number;
  readonly after: number;
  readonly change: number;
  readonly control: number | null;
  readonly interval: readonly [number, number] | null;
  readonly sets: number;
  readonly curve: readonly (readonly [number, number])[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const asNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

function pair(value: unknown): readonly [number, number] | null {
  if (!Array.isArray(value)) return null;
  const [a, b] = [asNumber(value[0]), asNumber(value[1])];
  return a === null || b === null ? null : [a, b];
}

/** Read the result of a job; null where it is not that of an effect. */
export function readEffect(result: unknown): Effect | null {
  if (!isRecord(result) || typeof result.concept !== "string") return null;
  const change = asNumber(result.relative_change);
  if (change === null) return null;
  const control = isRecord(result.control) ? result.control : {};
  return {
    concept: result.concept,
    images: asNumber(result.images) ?? 0,
    before: asNumber(result.area_before) ?? 0,
    after: asNumber(result.area_after) ?? 0,
    change,
    control: asNumber(control.relative_change),
    interval: pair(control.interval),
    sets: asNumber(control.sets) ?? 0,
    curve: Array.isArray(result.curve) ? result.curve.map(pair).filter((point) => point !== null) : [],
  };
}
