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

export interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export const FITTED: View = { zoom: 1, x: 0, y: 0 };
const LIMITS = { smallest: 0.5, largest: 12 };

/** Where the picture lies, in canvas pixels. */
export function placed(view: View, canvas: Size): Square {
  const side = Math.min(canvas.width, canvas.height) * view.zoom;
  return {
    side,
    left: canvas.width / 2 + view.x - side / 2,
    top: canvas.height / 2 + view.y - side / 2,
  };
}

/** From canvas pixels to the picture; outside of it the fractions leave [0, 1]. */
export function toPicture(view: View, canvas: Size, x: number, y: number): Point {
  const square = placed(view, canvas);
  return { x: (x - square.left) / square.side, y: (y - square.top) / square.side };
}

export function toCanvas(view: View, canvas: Size, point: Point): Point {
  const square = placed(view, canvas);
  return { x: square.left + point.x * square.side, y: square.top + point.y * square.side };
}

/** Keep at least a third of the picture's side in sight. */
function held(view: View, canvas: Size): View {
  const { side } = placed(view, canvas);
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
  const spread = (pair: readonly [Point, Point]) => Math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y);
  const [from, to] = [middle(before), middle(after)];
  const zoomed = zoomAt(view, canvas, spread(after) / Math.max(1, spread(before)), from.x, from.y);
  return pan(zoomed, canvas, to.x - from.x, to.y - from.y);
}
