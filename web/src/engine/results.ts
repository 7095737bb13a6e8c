import type { JobResult } from "../api/client";

type Result<Kind extends string> = Extract<JobResult, { kind: Kind }>;

/** What a measurement found: shares of 0 to 1, with 95 % intervals. */
export type Audit = Result<"audit">;
/** Reach and leak of a rule by layer and rank. */
export type Advice = Result<"advice">;
export type AdviceRow = Advice["rows"][number];
/** What went, and what came in its place, when units were switched off. */
export type Effect = Result<"effect">;

/** The result of a job, where it is of that kind. */
export const resultOf = <Kind extends "audit" | "advice" | "effect">(
  kind: Kind,
  result: JobResult,
): Result<Kind> | null => (result?.kind === kind ? (result as Result<Kind>) : null);

/** The best row of each layer, in the order of the layers. */
export function bestOfLayers(advice: Advice): AdviceRow[] {
  const best = new Map<string, AdviceRow>();
  for (const row of advice.rows) {
    const known = best.get(row.layer);
    if (!known || row.harmonic > known.harmonic) best.set(row.layer, row);
  }
  return [...best.values()];
}

/** The change after each number of units off, where there was anything to change. */
export const curveOf = ({ curve }: Effect): (readonly [number, number])[] =>
  curve.flatMap(([off, change]) => (change === null ? [] : [[off, change] as const]));

/** The changes that the curve's axis spans: from everything gone to the largest growth, at most double. */
export function changeRange(effect: Effect): readonly [number, number] {
  const most = Math.max(
    0,
    effect.control?.interval?.[1] ?? 0,
    ...curveOf(effect).map(([, change]) => change),
  );
  return [-1, Math.min(1, Math.ceil(most * 4) / 4)];
}

/** What stands where the concept was: shares of the pixels that it left, largest first. */
export const appearing = ({ appears }: Effect): [string, number][] =>
  Object.entries(appears).sort((a, b) => b[1] - a[1]);

/** The share of the pixels that it left which become what bordered it. */
export const bordering = ({ borders }: Effect): number =>
  Object.values(borders).reduce((sum, share) => sum + share, 0);

/** Pictures with more and more units off, a row for each picture; only where the result holds them itself. */
export const stripOf = ({ strip_image: strip }: Effect): string | null =>
  strip.startsWith("data:image/") ? strip : null;
