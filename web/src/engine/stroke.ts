import type { Mask } from "./mask";

/** On a photo also: keep the photo under the brush, or drop an island of what the strokes influence. */
export type Mode = "draw" | "remove" | "keep" | "drop";

/** Whether a stroke limits what others influence instead of setting units. */
export const limits = (mode: Mode): boolean => mode === "keep" || mode === "drop";

/** Units of a dissection at their usual values, or found by gradient, or found and taught where not to paint. */
export type BrushKind = "causal" | "learned" | "obedient";

export const kindOf = (brush: Pick<Brush, "kind">): BrushKind => brush.kind ?? "causal";

/** What a stroke is painted with: the units of a layer, chosen by a concept or by hand. */
export interface Brush {
  readonly layer: string;
  readonly concept: string | null;
  /** Hand-picked units; empty where the concept's own are meant. */
  readonly units: readonly number[];
  /** How many of the concept's units, best first. */
  readonly top: number;
  /** How it came about; causal where it is left out. */
  readonly kind?: BrushKind;
  /** What each of `units` becomes, or is raised by; the studio fills it in where a stroke is kept. */
  readonly values?: readonly number[];
}

/** One stroke: a brush pressed on a region of the picture. It is a value and never changes. */
export interface Stroke {
  readonly id: string;
  readonly brush: Brush;
  readonly mode: Mode;
  /** 1 sets the units to what they are where the concept stands. */
  readonly strength: number;
  readonly mask: Mask;
}

export function brushName(brush: Brush): string {
  if (brush.concept !== null) return brush.concept;
  if (brush.values && brush.values.length === brush.units.length) return "what was picked";
  return brush.units.length === 1 ? `unit ${brush.units[0]}` : `${brush.units.length} units`;
}

export function strokeLabel(stroke: Stroke): string {
  if (stroke.mode === "keep") return "Keep the photo here";
  if (stroke.mode === "drop") return "Drop an island";
  return `${stroke.mode === "draw" ? "Draw" : "Remove"} ${brushName(stroke.brush)}`;
}

export function sameBrush(a: Brush, b: Brush): boolean {
  return (
    a.layer === b.layer &&
    a.concept === b.concept &&
    kindOf(a) === kindOf(b) &&
    a.top === b.top &&
    a.units.join() === b.units.join()
  );
}

let counter = 0;

/** A name that no other stroke has, also not one made in another tab. */
export function freshId(): string {
  counter += 1;
  const random = Math.floor(Math.random() * 36 ** 4).toString(36);
  return `${Date.now().toString(36)}-${counter.toString(36)}-${random}`;
}
