import type { Point } from "./mask";
import type { Shape, Size } from "./view";

export type FitMode = "crop" | "pad" | "stretch";

/** Which rectangle of a photo becomes the generator's square, in pixels of the photo. */
export interface Fit {
  readonly mode: FitMode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How much closer than the largest square of the photo one can go. */
export const CLOSEST = 8;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** A square inside the photo: `centre` in pixels, moved so that it stays inside; `zoom` 1 is the largest. */
export function cropFit(photo: Size, centre: Point, zoom: number): Fit {
  const side = Math.min(photo.width, photo.height) / clamp(zoom, 1, CLOSEST);
  const x = clamp(centre.x - side / 2, 0, photo.width - side);
  const y = clamp(centre.y - side / 2, 0, photo.height - side);
  return { mode: "crop", x, y, width: side, height: side };
}

/** The whole photo in a square; what lies beyond its edges is mirrored. */
export function padFit(photo: Size): Fit {
  const side = Math.max(photo.width, photo.height);
  const [x, y] = [(photo.width - side) / 2, (photo.height - side) / 2];
  return { mode: "pad", x, y, width: side, height: side };
}

/** The whole photo, squeezed. */
export const stretchFit = ({ width, height }: Size): Fit => ({ mode: "stretch", x: 0, y: 0, width, height });

export function centreOf(fit: Fit): Point {
  return { x: fit.x + fit.width / 2, y: fit.y + fit.height / 2 };
}

/** The fit of a mode, about the place that was looked at before. */
export function fitIn(mode: FitMode, photo: Size, before: Fit | null = null): Fit {
  if (mode === "pad") return padFit(photo);
  if (mode === "stretch") return stretchFit(photo);
  return cropFit(photo, before ? centreOf(before) : { x: photo.width / 2, y: photo.height / 2 }, 1);
}

export const zoomOf = (fit: Fit, photo: Size): number => Math.min(photo.width, photo.height) / fit.width;

/** Move the square of a crop, in pixels of the photo. */
export function moved(fit: Fit, photo: Size, dx: number, dy: number): Fit {
  if (fit.mode !== "crop") return fit;
  const { x, y } = centreOf(fit);
  return cropFit(photo, { x: x + dx, y: y + dy }, zoomOf(fit, photo));
}

/** Zoom the square of a crop while a place of the photo stays where it is in it. */
export function zoomed(fit: Fit, photo: Size, zoom: number, about: Point = centreOf(fit)): Fit {
  if (fit.mode !== "crop") return fit;
  const ratio = zoomOf(fit, photo) / clamp(zoom, 1, CLOSEST);
  const { x, y } = centreOf(fit);
  return cropFit(photo, { x: about.x + (x - about.x) * ratio, y: about.y + (y - about.y) * ratio }, zoom);
}

/** How a photo and the square in it are shown. */
export function shapeOf(photo: Size, fit: Omit<Fit, "mode">): Shape {
  return {
    aspect: photo.width / photo.height,
    square: {
      x: fit.x / photo.width,
      y: fit.y / photo.height,
      width: fit.width / photo.width,
      height: fit.height / photo.height,
    },
  };
}

/** `x,y,width,height` as the command line takes it. */
export const boxText = ({ x, y, width, height }: Omit<Fit, "mode">): string =>
  [x, y, width, height].map((side) => String(Math.round(side * 100) / 100)).join(",");

/** What a PSNR in dB means for somebody who looks at the picture. */
export function scoreInWords(psnr: number): string {
  if (psnr >= 34) return "hard to tell from the photo";
  if (psnr >= 28) return "close, without fine detail";
  if (psnr >= 22) return "the same scene, with visible differences";
  return "far off: this generator draws other things";
}

/** A line through figures, as an SVG path in a box; the highest is at the top. */
export function linePath(
  points: readonly (readonly [number, number])[],
  width: number,
  height: number,
): string {
  if (points.length < 2) return "";
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const place = ([x, y]: readonly [number, number]) => {
    const across = ((x - left) / Math.max(1e-9, right - left)) * width;
    const down = height - ((y - low) / Math.max(1e-9, high - low)) * height;
    return `${across.toFixed(1)} ${down.toFixed(1)}`;
  };
  return `M${points.map(place).join("L")}`;
}
