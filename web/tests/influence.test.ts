import { describe, expect, test } from "vitest";
import { zlibStored } from "../src/engine/frame";
import { History } from "../src/engine/history";
import {
  type Influence,
  influenceFromWire,
  islandAt,
  islandLabel,
  islandMask,
  unpackMap,
} from "../src/engine/influence";
import { colourBytes } from "../src/engine/lost";
import { toBase64 } from "../src/engine/mask";
import { limits, strokeLabel } from "../src/engine/stroke";
import { stroke } from "./strokes";

const island = (number: number, dropped: string[] = []) => ({
  number,
  area: 0.02,
  change: 1,
  box: { x: 0, y: 0, width: 0.1, height: 0.1 },
  dropped,
});

/** Island 1 is the cell (2, 1), island 2 the cells (6, 6) and (7, 6). */
function influence(size = 8): Influence {
  const cells = new Uint8Array(size * size);
  cells[size + 2] = 1;
  cells[6 * size + 6] = 2;
  cells[6 * size + 7] = 2;
  return { size, cells, area: 3 / 64, islands: [island(1), island(2, ["d"])] };
}

const at = (column: number, row: number) => ({ x: (column + 0.5) / 8, y: (row + 0.5) / 8 });

describe("islands", () => {
  test("the one under the pointer is found, or the nearest within reach", () => {
    expect(islandAt(influence(), at(2, 1))?.number).toBe(1);
    expect(islandAt(influence(), at(4, 1))?.number).toBe(1);
    expect(islandAt(influence(), at(5, 5))?.number).toBe(2);
    expect(islandAt(influence(), at(0, 7))).toBeNull();
    expect(islandAt(influence(), at(5, 1), 2)).toBeNull();
  });

  test("an island as a mask covers exactly its cells", () => {
    const mask = islandMask(influence(), 2);
    expect(mask.size).toBe(8);
    expect([...mask.cells].flatMap((cell, index) => (cell ? [index] : []))).toEqual([54, 55]);
  });

  test("on a large picture the mask is coarser and leaves nothing out", () => {
    const large = influence(256);
    const mask = islandMask(large, 2);
    expect(mask.size).toBe(128);
    expect(mask.cells.filter((cell) => cell > 0)).toHaveLength(1);
    expect(mask.cells[3 * 128 + 3]).toBe(255);
  });

  test("what the studio sends is read, and a map of another size refused", async () => {
    const { cells, size } = influence();
    const map = toBase64(zlibStored(cells));
    const box: [number, number, number, number] = [0.1, 0.2, 0.3, 0.4];
    const wire = { size, map, area: 0.1, islands: [{ ...island(1), dropped: [], box }] };
    const read = await influenceFromWire(wire);
    expect([...read.cells]).toEqual([...cells]);
    expect(read.islands[0]?.box).toEqual({ x: 0.1, y: 0.2, width: 0.3, height: 0.4 });
    await expect(unpackMap(map, 9)).rejects.toThrow("81 cells");
  });

  test("small ones are not called nothing", () => {
    expect(islandLabel({ ...island(1), area: 0.0004 }, 0)).toBe("Island 1: under 0.1 % of the square");
    expect(islandLabel(island(2), 1)).toBe("Island 2: 2.0 % of the square");
  });
});

describe("strokes that limit", () => {
  test("they are told from those that paint", () => {
    expect(["draw", "remove", "keep", "drop"].map((mode) => limits(mode as "draw"))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(strokeLabel(stroke("a", { mode: "keep" }))).toBe("Keep the photo here");
  });

  test("taking an island back hides what dropped it, and undo drops it again", () => {
    const history = new History();
    history.add(stroke("a"));
    history.add(stroke("d", { mode: "drop" }));
    expect(history.hideAll(["d", "x"])).toBe(true);
    expect(history.strokes.map((one) => one.id)).toEqual(["a"]);
    expect(history.hideAll(["d"])).toBe(false);
    history.undo();
    expect(history.strokes.map((one) => one.id)).toEqual(["a", "d"]);
  });
});

test("lost things have their colours, and the others fade beside the one that is asked for", () => {
  const cells = new Uint8Array([0, 1, 2, 255]);
  const all = colourBytes(cells, ["#ff8000", "#0000ff"]);
  expect([...all.slice(0, 8)]).toEqual([0, 0, 0, 0, 255, 128, 0, 215]);
  expect([...all.slice(12)]).toEqual([128, 128, 128, 215]);
  const second = colourBytes(cells, ["#ff8000", "#0000ff"], 1);
  expect([second[7], second[11]]).toEqual([40, 240]);
});
