import { describe, expect, test } from "vitest";
import { Gestures, type Touch } from "../src/engine/gestures";

function bench() {
  const log: string[] = [];
  const gestures = new Gestures({
    begin: () => log.push("begin"),
    move: () => log.push("move"),
    end: () => log.push("end"),
    abort: () => log.push("abort"),
    pan: (dx, dy) => log.push(`pan ${dx} ${dy}`),
    pinch: () => log.push("pinch"),
    tap: (fingers) => log.push(`tap ${fingers}`),
  });
  return { log, gestures };
}

const at = (id: number, x: number, y: number, time = 0, change: Partial<Touch> = {}): Touch => ({
  id,
  x,
  y,
  time,
  kind: "touch",
  pressure: 0.5,
  pans: false,
  ...change,
});

describe("one finger", () => {
  test("paints", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.move(at(1, 5, 0));
    gestures.release(at(1, 5, 0));
    expect(log).toEqual(["begin", "move", "end"]);
  });

  test("pans while the hand is held", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0, 0, { pans: true }));
    gestures.move(at(1, 5, 3));
    gestures.release(at(1, 5, 3));
    expect(log).toEqual(["pan 5 3"]);
  });

  test("that only hovers does nothing", () => {
    const { log, gestures } = bench();
    gestures.move(at(1, 5, 3));
    gestures.release(at(1, 5, 3));
    expect(log).toEqual([]);
  });

  test("taken away by the system gives the stroke up", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.cancel(1);
    expect(log).toEqual(["begin", "abort"]);
    expect(gestures.painting).toBe(false);
  });
});

describe("two fingers", () => {
  test("give up the stroke of the first and pinch", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.press(at(2, 100, 0, 20));
    gestures.move(at(2, 150, 0, 40));
    gestures.release(at(1, 0, 0, 900));
    gestures.release(at(2, 150, 0, 900));
    expect(log).toEqual(["begin", "abort", "pinch"]);
  });

  test("that tap quickly undo", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.press(at(2, 100, 0, 30));
    gestures.release(at(2, 100, 0, 120));
    gestures.release(at(1, 0, 0, 140));
    expect(log.at(-1)).toBe("tap 2");
  });

  test("that rest long do not tap", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.press(at(2, 100, 0, 30));
    gestures.release(at(2, 100, 0, 1000));
    gestures.release(at(1, 0, 0, 1000));
    expect(log).toEqual(["begin", "abort"]);
  });

  test("do not paint with the one that stays", () => {
    const { log, gestures } = bench();
    gestures.press(at(1, 0, 0));
    gestures.press(at(2, 90, 0));
    gestures.release(at(2, 90, 0, 800));
    gestures.move(at(1, 50, 50, 900));
    gestures.release(at(1, 50, 50, 950));
    expect(log).toEqual(["begin", "abort"]);
  });
});

test("three fingers tap as three", () => {
  const { log, gestures } = bench();
  for (const id of [1, 2, 3]) gestures.press(at(id, id * 50, 0, id));
  for (const id of [1, 2, 3]) gestures.release(at(id, id * 50, 0, 100 + id));
  expect(log.at(-1)).toBe("tap 3");
});

test("the Escape key gives up a stroke once", () => {
  const { log, gestures } = bench();
  gestures.press(at(1, 0, 0));
  expect([gestures.abort(), gestures.abort()]).toEqual([true, false]);
  expect(log).toEqual(["begin", "abort"]);
});
