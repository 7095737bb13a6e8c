import { describe, expect, test } from "vitest";
import type { Painting } from "../src/api/client";
import { boxMask, historyFromWire, operationToWire, runs, strokeToWire } from "../src/api/wire";
import { adler32, decodeFrame, encodeFrame, inflate, zlibStored } from "../src/engine/frame";
import { History } from "../src/engine/history";
import { stroke } from "./strokes";

const grids = { imageSize: 64, layers: { layer16a: 16 } };

describe("frames", () => {
  test("carry a header and bytes", () => {
    const frame = encodeFrame({ seq: 3, text: "Tür" }, Uint8Array.of(1, 2, 3));
    const { header, payload } = decodeFrame(frame.buffer);
    expect(header).toEqual({ seq: 3, text: "Tür" });
    expect([...payload]).toEqual([1, 2, 3]);
  });

  test("that are cut off are refused", () => {
    const frame = encodeFrame({ seq: 1 });
    expect(() => decodeFrame(frame.buffer.slice(0, 6))).toThrow("longer than the frame");
    expect(() => decodeFrame(new ArrayBuffer(2))).toThrow("at least four bytes");
  });
});

describe("masks on the wire", () => {
  test("are zlib streams that others can read", async () => {
    for (const length of [0, 1, 256, 65535, 65536, 140000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
      const back = await inflate(zlibStored(bytes));
      expect(back.length).toBe(length);
      expect(back.every((byte, index) => byte === bytes[index])).toBe(true);
    }
  });

  test("end with the checksum of Wikipedia", () => {
    expect(adler32(new TextEncoder().encode("Wikipedia"))).toBe(0x11e60398);
  });
});

describe("a ground", () => {
  const ids = (strokes: Parameters<typeof runs>[0], cells: number) =>
    runs(strokes, cells).map((run) => run.map((each) => each.id));

  test("goes out in runs that fit into a message", () => {
    const one = stroke("a").mask.cells.length;
    const five = ["a", "b", "c", "d", "e"].map((id) => stroke(id));
    expect(ids(five, 2 * one)).toEqual([["a", "b"], ["c", "d"], ["e"]]);
    expect(ids(five, 5 * one)).toEqual([["a", "b", "c", "d", "e"]]);
    expect(ids(five.slice(0, 2), one - 1)).toEqual([["a"], ["b"]]);
  });

  test("goes out in one message where nothing is on it", () => {
    expect(runs([])).toEqual([[]]);
  });
});

describe("paintings", () => {
  test("come back as they were sent", async () => {
    const history = new History();
    history.add(stroke("a"));
    history.add(stroke("b", { mode: "remove", strength: 0.5 }));
    history.setHidden("a", true);
    history.undo();
    const painting: Painting = {
      id: "0",
      revision: 1,
      name: "",
      model: "town",
      seed: 7,
      truncation: 1,
      created: 0,
      updated: 0,
      operations: history.steps.map(operationToWire),
      cursor: history.cursor,
      branches: [],
    };
    const again = new History(await historyFromWire(painting, grids));
    expect(again.strokes).toEqual(history.strokes);
    expect(again.steps).toEqual(history.steps);
    expect(again.canRedo).toBe(true);
  });

  test("keep the values that the studio filled in", async () => {
    const brush = { layer: "layer16a", concept: "door", units: [4], values: [2.5], top: 1 };
    const wire = strokeToWire(stroke("a", { brush }));
    expect(wire.values).toEqual([2.5]);
    expect(wire.units).toEqual([4]);
  });

  test("with boxes show the cells that the boxes cover", () => {
    const mask = boxMask([4, 8, 6, 4], 16, 64);
    expect([...mask.cells].filter((weight) => weight > 0)).toEqual([255, 128]);
    expect(mask.cells[2 * 16 + 1]).toBe(255);
  });
});
