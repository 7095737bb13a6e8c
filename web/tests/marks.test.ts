import { expect, test } from "vitest";
import { boxBetween, middleBox, nudge, readMarks, writeMarks } from "../src/engine/marks";

test("marks are read as they were written, and what is no mark is left out", () => {
  const text = "7:10,12,8,8 0:0,0,64,64";
  expect(writeMarks(readMarks(text))).toBe(text);
  expect(writeMarks(readMarks(`x:1,2,3,4 ${text} 3:1,2 4:-1,2,3,4`))).toBe(text);
  expect(readMarks("").size).toBe(0);
});

test("a box holds every pixel that was dragged over, and never leaves the picture", () => {
  expect(boxBetween({ x: 0.5, y: 0.25 }, { x: 0.26, y: 0.5 }, 16)).toEqual({
    x: 4,
    y: 4,
    width: 4,
    height: 4,
  });
  expect(boxBetween({ x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }, 16)).toMatchObject({ width: 1, height: 1 });
  expect(boxBetween({ x: -1, y: 0.9 }, { x: 0.1, y: 3 }, 10)).toEqual({ x: 0, y: 9, width: 1, height: 1 });
  expect(boxBetween({ x: 2, y: 2 }, { x: 3, y: 3 }, 10)).toEqual({ x: 9, y: 9, width: 1, height: 1 });
});

test("arrows move a box, and with Shift its corner, within the picture", () => {
  const box = middleBox(64);
  expect(box).toEqual({ x: 24, y: 24, width: 16, height: 16 });
  expect(nudge(box, "ArrowLeft", false, 64)).toEqual({ ...box, x: 22 });
  expect(nudge(box, "ArrowDown", true, 64)).toEqual({ ...box, height: 18 });
  expect(nudge({ ...box, x: 47 }, "ArrowRight", false, 64)).toEqual({ ...box, x: 48 });
  expect(nudge({ ...box, width: 1 }, "ArrowLeft", true, 64)).toEqual({ ...box, width: 1 });
  expect(nudge({ ...box, x: 48 }, "ArrowRight", true, 64)).toEqual({ ...box, x: 48 });
  expect(nudge(box, "Enter", false, 64)).toBeNull();
});
