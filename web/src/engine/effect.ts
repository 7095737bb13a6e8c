/** What the studio measured when units were switched off, as far as the page draws it. */
export interface Effect {
  readonly concept: string;
  readonly images: number;
  readonly units: number;
  readonly before: number;
  readonly after: number;
  /** Null where the concept was in no picture, so that nothing could be taken away. */
  readonly change: number | null;
  readonly control: number | null;
  readonly interval: readonly [number, number] | null;
  readonly sets: number;
  readonly curve: readonly (readonly [number, number])[];
  /** What stands where the concept was: shares of the pixels that it left, largest first. */
  readonly appears: readonly (readonly [string, number])[];
  /** Pictures with more and more units off, a row for each picture, as a data URL. */
  readonly strip: string | null;
  /** How many units are off in each column of the strip. */
  readonly steps: number;
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

function shares(value: unknown): [string, number][] {
  const found = isRecord(value) ? Object.entries(value) : [];
  return found
    .flatMap(([name, share]): [string, number][] => (typeof share === "number" ? [[name, share]] : []))
    .sort((a, b) => b[1] - a[1]);
}

/** Read the result of a job; null where it is not that of an effect. */
export function readEffect(result: unknown): Effect | null {
  if (!isRecord(result) || typeof result.concept !== "string" || !("relative_change" in result)) return null;
  const control = isRecord(result.control) ? result.control : {};
  const curve = Array.isArray(result.curve) ? result.curve : [];
  const { strip_image: strip } = result;
  return {
    concept: result.concept,
    images: asNumber(result.images) ?? 0,
    units: Array.isArray(result.units) ? result.units.length : 0,
    before: asNumber(result.area_before) ?? 0,
    after: asNumber(result.area_after) ?? 0,
    change: asNumber(result.relative_change),
    control: asNumber(control.relative_change),
    interval: pair(control.interval),
    sets: asNumber(control.sets) ?? 0,
    curve: curve.map(pair).filter((point) => point !== null),
    appears: shares(result.appears),
    strip: typeof strip === "string" && strip.startsWith("data:image/") ? strip : null,
    steps: curve.length,
  };
}

/** The changes that the curve's axis spans: from everything gone to the largest growth, at most double. */
export function changeRange({ curve, interval }: Effect): readonly [number, number] {
  const most = Math.max(0, interval?.[1] ?? 0, ...curve.map(([, change]) => change));
  return [-1, Math.min(1, Math.ceil(most * 4) / 4)];
}
