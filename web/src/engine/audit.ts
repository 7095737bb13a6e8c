import type { JobResult } from "../api/client";

/** What a measurement found: shares of 0 to 1, with 95 % intervals. */
export interface Audit {
  readonly context: string;
  readonly goal: string | null;
  readonly reach: number;
  readonly reachInterval: readonly [number, number];
  readonly leak: number;
  readonly leakInterval: readonly [number, number];
  readonly pictures: number;
  readonly withContext: number;
}

export interface AdviceRow {
  readonly layer: string;
  readonly rank: number;
  readonly reach: number;
  readonly leak: number;
  readonly harmonic: number;
}

export interface Advice {
  readonly rows: readonly AdviceRow[];
  readonly best: number;
  readonly images: number;
}

/** The result of a job; null where it is no measurement. */
export function readAudit(result: JobResult): Audit | null {
  if (result?.kind !== "audit") return null;
  return {
    context: result.context,
    goal: result.goal,
    reach: result.reach,
    reachInterval: result.reach_interval,
    leak: result.leak,
    leakInterval: result.leak_interval,
    pictures: result.pictures,
    withContext: result.with_context,
  };
}

export const readAdvice = (result: JobResult): Advice | null => (result?.kind === "advice" ? result : null);

/** The best row of each layer, in the order of the layers. */
export function bestOfLayers(advice: Advice): AdviceRow[] {
  const best = new Map<string, AdviceRow>();
  for (const row of advice.rows) {
    const known = best.get(row.layer);
    if (!known || row.harmonic > known.harmonic) best.set(row.layer, row);
  }
  return [...best.values()];
}
