import type { JobResult } from "../api/client";

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

/** Read the result of a job; null where it is not that of an effect. */
export function readEffect(result: JobResult): Effect | null {
  if (result?.kind !== "effect") return null;
  const { control, curve, strip_image: strip } = result;
  return {
    concept: result.concept,
    images: result.images,
    units: result.units.length,
    before: result.area_before,
    after: result.area_after,
    change: result.relative_change,
    control: control.relative_change,
    interval: control.interval,
    sets: control.sets,
    curve: curve.flatMap(([off, change]) => (change === null ? [] : [[off, change] as const])),
    appears: Object.entries(result.appears).sort((a, b) => b[1] - a[1]),
    strip: strip.startsWith("data:image/") ? strip : null,
    steps: curve.length,
  };
}

/** The changes that the curve's axis spans: from everything gone to the largest growth, at most double. */
export function changeRange({ curve, interval }: Effect): readonly [number, number] {
  const most = Math.max(0, interval?.[1] ?? 0, ...curve.map(([, change]) => change));
  return [-1, Math.min(1, Math.ceil(most * 4) / 4)];
}
