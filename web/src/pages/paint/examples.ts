import type { Example } from "../../api/client";
import { boxMask, type Grids } from "../../api/wire";
import { freshId, type Stroke } from "../../engine/stroke";

/** The strokes of a model's painted example. */
export function exampleStrokes({ strokes }: Example, { imageSize, layers }: Grids): Stroke[] {
  return strokes.map(({ concept, layer, top, kind, box }) => ({
    id: freshId(),
    brush: { layer, concept, units: [], top, ...(kind === "causal" ? {} : { kind }) },
    mode: "draw",
    strength: 1,
    mask: boxMask(box, layers[layer] ?? 16, imageSize),
  }));
}

/** Where the slider stands first: just left of what is painted, which is then seen whole. */
export function exampleSplit({ strokes }: Example, { imageSize }: Pick<Grids, "imageSize">): number {
  const left = Math.min(...strokes.map(({ box }) => box[0]));
  return Math.min(0.5, Math.max(0.1, left / imageSize - 0.02));
}
