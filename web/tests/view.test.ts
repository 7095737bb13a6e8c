import { describe, expect, test } from "vitest";
import { FITTED, pan, pinch, placed, toPicture, zoomAt } from "../src/engine/view";

const canvas = { width: 800, height: 600 };

describe("a fitted picture", () => {
  test("is as large as the canvas allows, and centred", () => {
    expect(placed(FITTED, canvas)).toEqual({ width: 600, height: 600, left: 100, top: 0 });
  });

  test("maps canvas and picture onto each other", () => {
    expect(toPicture(FITTED, canvas, 100, 0)).toEqual({ x: 0, y: 0 });
    expect(toPicture(FITTED, canvas, 700, 600)).toEqual({ x: 1, y: 1 });
  });
});

describe("zooming", () => {
  test("keeps the place under the pointer", () => {
    const before = toPicture(FITTED, canvas, 333, 222);
    const after = toPicture(zoomAt(FITTED, canvas, 2.5, 333, 222), canvas, 333, 222);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  test("stays within its limits", () => {
    expect(zoomAt(FITTED, canvas, 1e9, 0, 0).zoom).toBe(12);
    expect(zoomAt(FITTED, canvas, 1e-9, 0, 0).zoom).toBe(0.5);
  });

  test("out of its limits does not move the picture", () => {
    const largest = zoomAt(FITTED, canvas, 12, 400, 300);
    expect(zoomAt(largest, canvas, 2, 100, 100)).toEqual(largest);
  });
});

test("panning cannot lose the picture", () => {
  const { left, width: side } = placed(pan(FITTED, canvas, 1e6, 0), canvas);
  expect(left).toBeLessThan(canvas.width);
  expect(left + side).toBeGreaterThan(0);
});

test("pinching zooms by the spread and follows the middle", () => {
  const before = [
    { x: 300, y: 300 },
    { x: 500, y: 300 },
  ] as const;
  const after = [
    { x: 220, y: 320 },
    { x: 620, y: 320 },
  ] as const;
  const held = toPicture(FITTED, canvas, 400, 300);
  const view = pinch(FITTED, canvas, before, after);
  expect(view.zoom).toBeCloseTo(2);
  const now = toPicture(view, canvas, 420, 320);
  expect(now.x).toBeCloseTo(held.x);
  expect(now.y).toBeCloseTo(held.y);
});
