import type { BrushInfo } from "../../api/client";
import type { Grids } from "../../api/wire";
import { emptyMask, stamp } from "../../engine/mask";
import { freshId, type Stroke } from "../../engine/stroke";
import { bestOf } from "../../kit/easel/brushKinds";
import { brushOf } from "../../kit/easel/easel";

interface Dab {
  readonly concept: string;
  /** Where its middle is, from 0 to 1. */
  readonly places: readonly { readonly x: number; readonly y: number }[];
  /** Its diameter, as a part of the picture. */
  readonly diameter: number;
}

interface Example {
  readonly seed: number;
  readonly dabs: readonly Dab[];
}

/** What a first visit finds painted, for the models that are shipped. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  town: {
    seed: 34,
    dabs: [
      { concept: "tree", places: [{ x: 0.12, y: 0.55 }], diameter: 0.3 },
      { concept: "door", places: [{ x: 0.42, y: 0.68 }], diameter: 0.2 },
    ],
  },
};

/** The seed of a model's example, if it has one. */
export function exampleSeed(model: string): number | undefined {
  return EXAMPLES[model]?.seed;
}

/** The strokes of a model's example, as far as the model has brushes for them. */
export function exampleStrokes(model: string, grids: Grids, brushes: readonly BrushInfo[]): Stroke[] {
  return (EXAMPLES[model]?.dabs ?? []).flatMap(({ concept, places, diameter }) => {
    const brush = bestOf(brushes, concept);
    const size = brush && grids.layers[brush.layer];
    if (!brush || !size) return [];
    const mask = emptyMask(size);
    for (const place of places) stamp(mask, place, size * diameter);
    return [{ id: freshId(), brush: brushOf(brush), mode: "draw", strength: 1, mask }];
  });
}
