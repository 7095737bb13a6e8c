import { emptyMask, stamp } from "../src/engine/mask";
import type { Stroke } from "../src/engine/stroke";

/** A stroke of one cell for the tests. */
export function stroke(id: string, change: Partial<Stroke> = {}): Stroke {
  const mask = emptyMask(16);
  stamp(mask, { x: 0.3, y: 0.6 }, 1);
  const brush = { layer: "layer16a", concept: "door", units: [], top: 20 };
  return { id, brush, mode: "draw", strength: 1, mask, ...change };
}
