import type { components } from "../api/types";

type Report = components["schemas"]["ReportInfo"];
/** What a report says of a unit. */
export type UnitRow = NonNullable<Report["units"]>[number];

/** The rows of a report, each under the concept that its unit matches best. */
export const rowsOf = ({ units = [] }: Report): UnitRow[] =>
  units.map((row) => ({ ...row, concept: row.concept_best ?? row.concept }));

export const SORTS = ["above", "best", "iou", "unit", "concept"] as const;
export type Sort = (typeof SORTS)[number];

export const SORT_NAMES: Readonly<Record<Sort, string>> = {
  above: "Clearest match (IoU above chance)",
  best: "Best match (IoU at the best threshold)",
  iou: "IoU at the top 1 %",
  unit: "Unit number",
  concept: "Concept",
};

export interface Filter {
  readonly text: string;
  readonly concept: string;
  readonly sort: Sort;
  readonly meaningful: boolean;
}

function matches(row: UnitRow, text: string): boolean {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (words.length === 0) return true;
  const numbers = words
    .filter((word) => /^(unit:?|#)?\d+$/.test(word))
    .map((word) => Number(word.replace(/\D/g, "")));
  const names = words.filter((word) => !/^(units?:?|#)?\d*$/.test(word));
  const named = names.every((name) => (row.concept ?? "").toLowerCase().includes(name) || row.plane === name);
  return named && (numbers.length === 0 || numbers.includes(row.unit));
}

/** How far a match is above chance: of a large concept every unit has a large IoU. */
const above = (row: UnitRow): number => row.iou_best - row.chance;

const ORDER: Readonly<Record<Sort, (a: UnitRow, b: UnitRow) => number>> = {
  above: (a, b) => above(b) - above(a) || a.unit - b.unit,
  best: (a, b) => b.iou_best - a.iou_best || a.unit - b.unit,
  iou: (a, b) => b.iou - a.iou || a.unit - b.unit,
  unit: (a, b) => a.unit - b.unit,
  concept: (a, b) => (a.concept ?? "~").localeCompare(b.concept ?? "~") || b.iou_best - a.iou_best,
};

/** The units that a person asked for, in the order asked for. The rows given are left as they are. */
export function select(rows: readonly UnitRow[], filter: Filter): UnitRow[] {
  return rows
    .filter((row) => filter.concept === "" || row.concept === filter.concept)
    .filter((row) => !filter.meaningful || row.passes)
    .filter((row) => matches(row, filter.text))
    .sort(ORDER[filter.sort]);
}

export interface Bar {
  readonly concept: string;
  readonly plane: string;
  readonly count: number;
}

/** How many units match each concept better than chance, most first. */
export function bars(rows: readonly UnitRow[]): Bar[] {
  const counts = new Map<string, Bar>();
  for (const row of rows) {
    if (row.concept === null || !row.passes) continue;
    const count = (counts.get(row.concept)?.count ?? 0) + 1;
    counts.set(row.concept, { concept: row.concept, plane: row.plane ?? "", count });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.concept.localeCompare(b.concept));
}

/** Two layers beside each other: for every concept that either holds, the units in both. */
export function compareBars(
  a: readonly Bar[],
  b: readonly Bar[],
): { concept: string; a: number; b: number }[] {
  const names = new Set([...a, ...b].map((bar) => bar.concept));
  const count = (list: readonly Bar[], name: string) => list.find((bar) => bar.concept === name)?.count ?? 0;
  return [...names]
    .map((concept) => ({ concept, a: count(a, concept), b: count(b, concept) }))
    .sort((x, y) => y.a + y.b - (x.a + x.b) || x.concept.localeCompare(y.concept));
}
