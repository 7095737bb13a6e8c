import type { BrushInfo } from "../api/client";
import type { Grids } from "../api/wire";
import { emptyMask, stamp } from "../engine/mask";
import { freshId, type Stroke } from "../engine/stroke";

interface Example {
  readonly seed: number;
  strokes(grids: Grids, brushes: readonly BrushInfo[]): Stroke[];
}

/** What a first visit finds painted, for the models that are shipped. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  town: {
    seed: 88,
    strokes: (grids, brushes) => {
      const brush = brushes.find((one) => one.concept === "door");
      const size = brush && grids.layers[brush.layer];
      if (!brush || !size) return [];
      const mask = emptyMask(size);
      stamp(mask, { x: 0.48, y: 0.64 }, size / 9);
      const { layer, concept, top } = brush;
      return [{ id: freshId(), brush: { layer, concept, units: [], top }, mode: "draw", strength: 1, mask }];
    },
  },
};
