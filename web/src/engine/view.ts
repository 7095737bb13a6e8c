import type { Point } from "./mask";

/** How the picture lies on the canvas: its side length as a multiple of the fitted one, and its centre's offset. */
export interface View {
  readonly zoom: number;
  /** Offset of the picture's centre from the canvas's, in canvas pixels. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle on the canvas, in canvas pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle in parts of the picture; it may reach beyond it. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is shown: how wide it is for its height, and which part of it is the square that one paints on. */
export interface Shape {
  readonly aspect: number;
  readonly square: Part;
}

export const WHOLE: Part = { x: 0, y: 0, width: 1, height: 1 };
export const SQUARE: Shape = { aspect: 1, square: WHOLE };
export const FITTED: View = { zoom: 1, x: 0, y: 0 };
const LIMITS = { smallest: 0.5, largest: 12 };

/** Where the picture lies, in canvas pixels. */
export function placed(view: View, canvas: Size, aspect = 1): Box {
  const width = Math.min(canvas.width, canvas.height * aspect) * view.zoom;
  const height = width / aspect;
  return {
    width,
    height,
    left: canvas.width / 2 + view.x - width / 2,
    top: canvas.height / 2 + view.y - height / 2,
  };
}

/** Where a part of something lies that itself lies in a box. */
export function within(box: Box, part: Part): Box {
  return {
    left: box.left + part.x * box.width,
    top: box.top + part.y * box.height,
    width: part.width * box.width,
    height: part.height * box.height,
  };
}

/** From canvas pixels to the square that one paints on; outside of it the fractions leave [0, 1]. */
export function toPicture(view: View, canvas: Size, x: number, y: number, shape = SQUARE): Point {
  const square = within(placed(view, canvas, shape.aspect), shape.square);
  return { x: (x - square.left) / square.width, y: (y - square.top) / square.height };
}

/** Keep at least a third of the picture's side in sight. */
function held(view: View, canvas: Size): View {
  const side = placed(view, canvas).width;
  const slack = (length: number) => length / 2 + side / 2 - Math.min(side, length) / 3;
  const clamp = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));
  return { zoom: view.zoom, x: clamp(view.x, slack(canvas.width)), y: clamp(view.y, slack(canvas.height)) };
}

/** Zoom by a factor while the place under the pointer stays where it is. */
export function zoomAt(view: View, canvas: Size, factor: number, x: number, y: number): View {
  const zoom = Math.min(LIMITS.largest, Math.max(LIMITS.smallest, view.zoom * factor));
  const ratio = zoom / view.zoom;
  const [dx, dy] = [x - canvas.width / 2, y - canvas.height / 2];
  return held({ zoom, x: dx - (dx - view.x) * ratio, y: dy - (dy - view.y) * ratio }, canvas);
}

export function pan(view: View, canvas: Size, dx: number, dy: number): View {
  return held({ zoom: view.zoom, x: view.x + dx, y: view.y + dy }, canvas);
}

/** How far apart two fingers are, in canvas pixels; at least one. */
export const spread = ([a, b]: readonly [Point, Point]): number =>
  Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));

/** Two fingers moved: zoom by how far they spread, around and along with their middle. */
export function pinch(
  view: View,
  canvas: Size,
  before: readonly [Point, Point],
  after: readonly [Point, Point],
): View {
  const middle = (pair: readonly [Point, Point]) => ({
    x: (pair[0].x + pair[1].x) / 2,
    y: (pair[0].y + pair[1].y) / 2,
  });
  const [from, to] = [middle(before), middle(after)];
  const zoomed = zoomAt(view, canvas, spread(after) / spread(before), from.x, from.y);
  return pan(zoomed, canvas, to.x - from.x, to.y - from.y);
}
