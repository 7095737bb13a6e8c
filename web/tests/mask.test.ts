import { describe, expect, test } from "vitest";
import {
  bounds,
  cellAt,
  countCells,
  drag,
  emptyMask,
  fromBase64,
  isEmpty,
  pressedDiameter,
  stamp,
  toBase64,
} from "../src/engine/mask";

const cell = (size: number, column: number, row: number) => ({
  x: (column + 0.5) / size,
  y: (row + 0.5) / size,
});

describe("a brush of one cell", () => {
  test("fills exactly the cell under the point", () => {
    const mask = emptyMask(16);
    stamp(mask, { x: 0.99 / 16, y: 15.01 / 16 }, 1);
    expect(countCells(mask)).toBe(1);
    expect(mask.cells[15 * 16]).toBe(255);
  });

  test("does nothing outside of the picture", () => {
    const mask = emptyMask(8);
    for (const point of [
      { x: -0.01, y: 0.5 },
      { x: 1, y: 0.5 },
      { x: 0.5, y: 1.2 },
    ])
      stamp(mask, point, 1);
    expect(isEmpty(mask)).toBe(true);
  });
});

describe("a larger brush", () => {
  test("is the same to the left and right, above and below", () => {
    const mask = emptyMask(9);
    stamp(mask, { x: 0.5, y: 0.5 }, 4);
    const at = (column: number, row: number) => mask.cells[row * 9 + column];
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column < 9; column++) {
        expect(at(column, row)).toBe(at(8 - column, row));
        expect(at(column, row)).toBe(at(row, column));
      }
    }
  });

  test("covers about as many cells as its disc has area", () => {
    for (const diameter of [2, 3, 4, 6, 8]) {
      const mask = emptyMask(32);
      stamp(mask, { x: 0.5, y: 0.5 }, diameter);
      const covered = mask.cells.reduce((sum, weight) => sum + weight / 255, 0);
      const area = Math.PI * (diameter / 2) ** 2;
      expect(Math.abs(covered - area) / area).toBeLessThan(0.25);
    }
  });

  test("fills its middle wholly and its border partly", () => {
    const mask = emptyMask(16);
    stamp(mask, cell(16, 8, 8), 4);
    expect(mask.cells[8 * 16 + 8]).toBe(255);
    expect(Math.min(...mask.cells.filter((weight) => weight > 0))).toBeLessThan(255);
  });

  test("is cut off at the border of the picture", () => {
    const mask = emptyMask(8);
    stamp(mask, { x: 0, y: 0 }, 6);
    expect(mask.cells[0]).toBe(255);
    expect(bounds(mask)).toEqual({ x: 0, y: 0, width: 3, height: 3 });
  });

  test("never makes a weight smaller", () => {
    const mask = emptyMask(16);
    stamp(mask, cell(16, 5, 5), 5);
    const before = mask.cells.slice();
    stamp(mask, cell(16, 7, 5), 3);
    mask.cells.forEach((weight, index) => {
      expect(weight).toBeGreaterThanOrEqual(before[index] ?? 0);
    });
  });
});

describe("dragging", () => {
  test("leaves no gap however fast the pointer was", () => {
    const mask = emptyMask(32);
    drag(mask, cell(32, 1, 16), cell(32, 30, 16), 1);
    expect(countCells(mask)).toBe(30);
  });

  test("gives the same mask in both directions", () => {
    const [there, back] = [emptyMask(16), emptyMask(16)];
    drag(there, cell(16, 2, 3), cell(16, 13, 9), 3);
    drag(back, cell(16, 13, 9), cell(16, 2, 3), 3);
    expect(there).toEqual(back);
  });

  test("without moving is a stamp", () => {
    const [dragged, stamped] = [emptyMask(16), emptyMask(16)];
    drag(dragged, cell(16, 4, 4), cell(16, 4, 4), 3);
    stamp(stamped, cell(16, 4, 4), 3);
    expect(dragged).toEqual(stamped);
  });
});

test("a pen presses the brush larger, a mouse does not", () => {
  expect(pressedDiameter(6, 0.5, "mouse")).toBe(6);
  expect(pressedDiameter(6, 1, "pen")).toBe(6);
  expect(pressedDiameter(6, 0.25, "pen")).toBeCloseTo(3);
  expect(pressedDiameter(1, 0.1, "pen")).toBe(1);
});

test("places outside the picture are taken to its border", () => {
  expect(cellAt(16, { x: 2, y: -1 })).toEqual({ column: 15, row: 0 });
});

test("an empty mask has no bounds", () => {
  expect(bounds(emptyMask(4))).toBeNull();
});

test("every byte survives base64", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  expect([...fromBase64(toBase64(bytes))]).toEqual([...bytes]);
});
