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

type Json = Readonly<Record<string, unknown>>;

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const pair = (value: unknown): readonly [number, number] =>
  Array.isArray(value) ? [number(value[0]), number(value[1])] : [0, 0];

/** The result of a job, which nothing vouches for; null where it is none. */
export function readAudit(result: Json | null | undefined): Audit | null {
  if (!result || typeof result.reach !== "number") return null;
  return {
    context: text(result.context),
    goal: text(result.goal) || null,
    reach: number(result.reach),
    reachInterval: pair(result.reach_interval),
    leak: number(result.leak),
    leakInterval: pair(result.leak_interval),
    pictures: number(result.pictures),
    withContext: number(result.with_context),
  };
}

export function readAdvice(result: Json | null | undefined): Advice | null {
  if (!result || !Array.isArray(result.rows)) return null;
  const rows = (result.rows as Json[]).map((row) => ({
    layer: text(row.layer),
    rank: number(row.rank),
    reach: number(row.reach),
    leak: number(row.leak),
    harmonic: number(row.harmonic),
  }));
  return { rows, best: number(result.best), images: number(result.images) };
}

/** The best row of each layer, in the order of the layers. */
export function bestOfLayers(advice: Advice): AdviceRow[] {
  const best = new Map<string, AdviceRow>();
  for (const row of advice.rows) {
    const known = best.get(row.layer);
    if (!known || row.harmonic > known.harmonic) best.set(row.layer, row);
  }
  return [...best.values()];
}
