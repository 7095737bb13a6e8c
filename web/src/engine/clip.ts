import { bounds, type Mask, type Point } from "./mask";

/** What is copied, where it is pasted (its top left cell), and how large. Cells are those of the mask. */
export interface Placement {
  readonly mask: Mask;
  readonly column: number;
  readonly row: number;
  readonly scale: number;
}

export const SCALES = { smallest: 0.25, largest: 4 };

/** As the studio rounds: halves go to the even neighbour. */
export function rounded(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Width and height of what is pasted, in cells; null where nothing was copied. */
export function clipSize(mask: Mask, scale: number): { width: number; height: number } | null {
  const box = bounds(mask);
  if (!box) return null;
  return {
    width: Math.max(1, rounded(box.width * scale)),
    height: Math.max(1, rounded(box.height * scale)),
  };
}

/** The largest scale at which a clip still fits into the picture. */
export function largestScale(mask: Mask): number {
  const box = bounds(mask);
  if (!box) return SCALES.largest;
  const most = mask.size / Math.max(box.width, box.height);
  return Math.max(SCALES.smallest, Math.min(SCALES.largest, Math.floor(most * 20) / 20));
}

const clamp = (value: number, low: number, high: number) =>
  Math.min(Math.max(low, high), Math.max(low, value));

/** Put the middle of a clip at a place of the picture; it stays inside. */
export function centred(mask: Mask, scale: number, middle: Point): Placement {
  const fits = Math.min(scale, largestScale(mask));
  const { width, height } = clipSize(mask, fits) ?? { width: 1, height: 1 };
  const { size } = mask;
  return {
    mask,
    scale: fits,
    column: clamp(Math.round(middle.x * size - width / 2), 0, size - width),
    row: clamp(Math.round(middle.y * size - height / 2), 0, size - height),
  };
}

/** The same clip around the same middle, at another size. */
export function resized(placement: Placement, scale: number): Placement {
  return centred(placement.mask, scale, middleOf(placement));
}

/** Moved by whole cells, as far as the picture goes. */
export function moved(placement: Placement, columns: number, rows: number): Placement {
  const box = cellsOf(placement);
  const { size } = placement.mask;
  return {
    ...placement,
    column: clamp(placement.column + columns, 0, size - box.width),
    row: clamp(placement.row + rows, 0, size - box.height),
  };
}

export function cellsOf(placement: Placement): { x: number; y: number; width: number; height: number } {
  const { width, height } = clipSize(placement.mask, placement.scale) ?? { width: 1, height: 1 };
  return { x: placement.column, y: placement.row, width, height };
}

export function middleOf(placement: Placement): Point {
  const box = cellsOf(placement);
  const { size } = placement.mask;
  return { x: (box.x + box.width / 2) / size, y: (box.y + box.height / 2) / size };
}

export function covers(placement: Placement, point: Point): boolean {
  const box = cellsOf(placement);
  const [x, y] = [point.x * placement.mask.size, point.y * placement.mask.size];
  return x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height;
}

/** The box in pixels of the picture, as the studio takes it. */
export function boxOf(placement: Placement, imageSize: number): [number, number, number, number] {
  const cell = imageSize / placement.mask.size;
  const { x, y, width, height } = cellsOf(placement);
  return [x * cell, y * cell, width * cell, height * cell];
}

/** The same from a box in pixels. */
export function placementOf(mask: Mask, scale: number, box: readonly number[], imageSize: number): Placement {
  const [x = 0, y = 0, width = 0, height = 0] = box;
  return centred(mask, scale, { x: (x + width / 2) / imageSize, y: (y + height / 2) / imageSize });
}
