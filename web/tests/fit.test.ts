import { describe, expect, test } from "vitest";
import {
  boxText,
  centreOf,
  cropFit,
  fitIn,
  linePath,
  moved,
  padFit,
  scoreInWords,
  shapeOf,
  stretchFit,
  zoomed,
  zoomOf,
} from "../src/engine/fit";
import { toPicture } from "../src/engine/view";

const photo = { width: 400, height: 300 };
const whole = fitIn("crop", photo);

describe("the square of a photo", () => {
  test("a crop begins with the largest square in the middle", () => {
    expect(whole).toEqual({ mode: "crop", x: 50, y: 0, width: 300, height: 300 });
  });

  test("a pad reaches beyond the photo, a stretch takes it as it is", () => {
    expect(padFit(photo)).toEqual({ mode: "pad", x: 0, y: -50, width: 400, height: 400 });
    expect(stretchFit(photo)).toEqual({ mode: "stretch", x: 0, y: 0, width: 400, height: 300 });
  });

  test("a crop cannot be moved out of the photo", () => {
    expect(moved(whole, photo, -500, 90)).toMatchObject({ x: 0, y: 0 });
    expect(moved(whole, photo, 30, 0)).toMatchObject({ x: 80, y: 0, width: 300 });
    expect(moved(whole, photo, 1e9, 0).x).toBe(100);
  });

  test("what is not a crop stays where it is", () => {
    expect(moved(padFit(photo), photo, 10, 10)).toEqual(padFit(photo));
    expect(zoomed(stretchFit(photo), photo, 3)).toEqual(stretchFit(photo));
  });

  test("zooming keeps the place that it is about where it was in the square", () => {
    const about = { x: 120, y: 200 };
    const close = zoomed(whole, photo, 2, about);
    expect(zoomOf(close, photo)).toBeCloseTo(2);
    expect((about.x - close.x) / close.width).toBeCloseTo((about.x - whole.x) / whole.width);
    expect((about.y - close.y) / close.height).toBeCloseTo((about.y - whole.y) / whole.height);
  });

  test("zooming stops at the whole square and at eight times", () => {
    expect(zoomOf(zoomed(whole, photo, 0.1), photo)).toBe(1);
    expect(zoomOf(zoomed(whole, photo, 99), photo)).toBe(8);
  });

  test("going from pad to crop stays about the same place", () => {
    const crop = cropFit(photo, { x: 90, y: 80 }, 4);
    expect(centreOf(fitIn("crop", photo, crop))).toEqual({ x: 150, y: 150 });
    expect(centreOf(fitIn("crop", photo, padFit(photo)))).toEqual({ x: 200, y: 150 });
  });

  test("the command line takes two digits after the point", () => {
    expect(boxText({ x: 1 / 3, y: 0, width: 100, height: 99.999 })).toBe("0.33,0,100,100");
  });
});

test("a place on the canvas is told in parts of the square, whatever the photo's shape", () => {
  const shape = shapeOf(photo, whole);
  const canvas = { width: 800, height: 800 };
  expect(shape.aspect).toBeCloseTo(4 / 3);
  // The photo fills 800 × 600 from y = 100, the square in it 600 × 600 from x = 100.
  expect(toPicture({ zoom: 1, x: 0, y: 0 }, canvas, 100, 100, shape)).toEqual({ x: 0, y: 0 });
  const corner = toPicture({ zoom: 1, x: 0, y: 0 }, canvas, 700, 700, shape);
  expect([corner.x, corner.y]).toEqual([expect.closeTo(1), expect.closeTo(1)]);
});

test("a better score never sounds worse", () => {
  const said = [12, 23, 30, 40].map(scoreInWords);
  expect(new Set(said).size).toBe(4);
  expect(said[3]).toContain("hard to tell");
});

test("a line goes from the lowest figure at the bottom to the highest at the top", () => {
  expect(
    linePath(
      [
        [0, 10],
        [1, 20],
        [4, 15],
      ],
      100,
      50,
    ),
  ).toBe("M0.0 50.0L25.0 0.0L100.0 25.0");
  expect(linePath([[1, 1]], 10, 10)).toBe("");
});
