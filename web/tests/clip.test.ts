import { describe, expect, it } from "vitest";
import {
  boxOf,
  cellsOf,
  centred,
  covers,
  largestScale,
  middleOf,
  moved,
  placementOf,
  resized,
  rounded,
} from "../src/engine/clip";
import { emptyMask, type Mask } from "../src/engine/mask";

function boxMask(size: number, x: number, y: number, width: number, height: number): Mask {
  const mask = emptyMask(size);
  for (let row = y; row < y + height; row++) mask.cells.fill(255, row * size + x, row * size + x + width);
  return mask;
}

describe("what is pasted", () => {
  const mask = boxMask(16, 2, 3, 4, 2);

  it("lies with its middle where the pointer is", () => {
    const at = centred(mask, 1, { x: 0.5, y: 0.5 });
    expect(cellsOf(at)).toEqual({ x: 6, y: 7, width: 4, height: 2 });
    expect(middleOf(at)).toEqual({ x: 0.5, y: 0.5 });
  });

  it("never leaves the picture", () => {
    expect(cellsOf(centred(mask, 1, { x: 2, y: -1 }))).toEqual({ x: 12, y: 0, width: 4, height: 2 });
    expect(cellsOf(moved(centred(mask, 1, { x: 0.5, y: 0.5 }), -99, 99))).toMatchObject({ x: 0, y: 14 });
  });

  it("keeps its middle when it is scaled, and stops where it no longer fits", () => {
    const twice = resized(centred(mask, 1, { x: 0.5, y: 0.5 }), 2);
    expect(cellsOf(twice)).toEqual({ x: 4, y: 6, width: 8, height: 4 });
    expect(resized(twice, 9).scale).toBe(largestScale(mask));
    expect(cellsOf(resized(twice, 9)).width).toBe(16);
  });

  it("is a box in pixels for the studio, and the same again when it comes back", () => {
    for (const scale of [0.25, 0.5, 0.75, 1, 1.35, 2.5]) {
      const at = centred(mask, scale, { x: 0.31, y: 0.77 });
      expect(placementOf(mask, at.scale, boxOf(at, 64), 64)).toEqual(at);
    }
  });

  it("is taken hold of only where it is", () => {
    const at = centred(mask, 1, { x: 0.5, y: 0.5 });
    expect(covers(at, { x: 0.5, y: 0.5 })).toBe(true);
    expect(covers(at, { x: 0.5, y: 0.6 })).toBe(false);
  });

  it("is rounded as the studio does", () => {
    expect([0.5, 1.5, 2.5, 2.4, 2.6].map(rounded)).toEqual([0, 2, 2, 2, 3]);
  });
});
