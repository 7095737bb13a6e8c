import type { BrushInfo } from "../../api/client";
import { percent } from "../../engine/numbers";
import { type Brush, type BrushKind, kindOf } from "../../engine/stroke";

/** The brushes of one concept, and the one of them to offer first. */
export interface BrushGroup {
  readonly best: BrushInfo;
  readonly kinds: readonly BrushInfo[];
  /** Whether none of them does what it promises, of a model whose brushes were measured. */
  readonly experimental: boolean;
}

/** What can be offered without a warning comes first, then what leaves alone what it should. */
const ORDER: readonly BrushKind[] = ["obedient", "learned", "causal"];

const works = (one: BrushInfo) => one.score?.works ?? false;

/** One group for each concept, in the order in which the concepts come. */
export function groupsOf(brushes: readonly BrushInfo[]): BrushGroup[] {
  const names = [...new Set(brushes.map((one) => one.concept))];
  return names.map((concept) => {
    const ours = brushes.filter((one) => one.concept === concept);
    const kinds = ORDER.flatMap((kind) => ours.filter((one) => one.kind === kind));
    const best = kinds.find(works) ?? ours.find((one) => one.kind === "causal") ?? ours[0];
    if (!best) throw new Error("a group has a brush");
    return { best, kinds, experimental: kinds.some((one) => one.score) && !kinds.some(works) };
  });
}

/** The brush to offer first for a concept. */
export function bestOf(brushes: readonly BrushInfo[], concept: string | null | undefined) {
  return groupsOf(brushes.filter((one) => one.concept === concept))[0]?.best;
}

/** The brush that a newcomer holds: of things, the one that draws in most places. */
export function firstWorking(brushes: readonly BrushInfo[]) {
  const offered = groupsOf(brushes.filter((one) => one.plane === "object" && works(one)));
  const reach = ({ best }: BrushGroup) => best.score?.hits ?? 0;
  return offered.sort((a, b) => reach(b) - reach(a))[0]?.best;
}

/** Whether a brush is the one that an entry of the list describes. */
export function isOf(brush: Brush, info: BrushInfo): boolean {
  return (
    brush.units.length === 0 &&
    brush.concept === info.concept &&
    brush.layer === info.layer &&
    kindOf(brush) === info.kind
  );
}

/** What was measured of a brush, in a sentence or two. */
export function scoreText({ concept, score }: BrushInfo): string {
  if (!score) return "Not measured.";
  const chance = score.random === null ? "" : `; random units: ${percent(score.random)}`;
  const legal = `Draws ${concept} in ${percent(score.hits)} of ${score.legal} places where it may stand${chance}.`;
  if (score.illegal_hits === null || score.change === null) return legal;
  const wrong = `Where it cannot stand: ${percent(score.illegal_hits)}, mean change ΔE ${score.change.toFixed(1)}.`;
  return `${legal} ${wrong}`;
}
