/** A mask over the picture at the resolution of a layer: one weight of 0 to 255 for each cell, row by row. */
export interface Mask {
  readonly size: number;
  readonly cells: Uint8Array;
}

/** A place in the picture: fractions of its width and height, from the top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export function emptyMask(size: number): Mask {
  return { size, cells: new Uint8Array(size * size) };
}

export function copyMask(mask: Mask): Mask {
  return { size: mask.size, cells: mask.cells.slice() };
}

export function isEmpty(mask: Mask): boolean {
  return mask.cells.every((weight) => weight === 0);
}

export function countCells(mask: Mask): number {
  return mask.cells.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
}

/** The cell that holds a place; places outside the picture are taken to its border. */
export function cellAt(size: number, point: Point): { column: number; row: number } {
  const clamp = (value: number) => Math.min(size - 1, Math.max(0, Math.floor(value * size)));
  return { column: clamp(point.x), row: clamp(point.y) };
}

/**
 * Press a round brush once. The brush's diameter is counted in cells; a diameter of one fills exactly the cell
 * under the point, larger ones give border cells the share that the disc covers. Weights only grow.
 */
export function stamp(mask: Mask, point: Point, diameter: number): void {
  const { size, cells } = mask;
  if (diameter <= 1) {
    if (point.x < 0 || point.x >= 1 || point.y < 0 || point.y >= 1) return;
    const { column, row } = cellAt(size, point);
    cells[row * size + column] = 255;
    return;
  }
  const x = point.x * size - 0.5;
  const y = point.y * size - 0.5;
  const reach = diameter / 2 + 0.5;
  const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(size - 1, Math.floor(x + reach))];
  const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(size - 1, Math.floor(y + reach))];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const covered = Math.min(1, reach - Math.hypot(column - x, row - y));
      const weight = Math.round(255 * Math.max(0, covered));
      const index = row * size + column;
      if (weight > (cells[index] ?? 0)) cells[index] = weight;
    }
  }
}

/** Draw a line of stamps, a quarter of a cell apart, from one place to another. */
export function drag(mask: Mask, from: Point, to: Point, diameter: number): void {
  const cells = Math.hypot(to.x - from.x, to.y - from.y) * mask.size;
  const steps = Math.max(1, Math.ceil(cells * 4));
  for (let step = 0; step <= steps; step++) {
    const t = step / steps;
    stamp(mask, { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t }, diameter);
  }
}

/** A pen makes the brush between a third of and its full diameter; mouse and finger leave it as it is. */
export function pressedDiameter(diameter: number, pressure: number, kind: string): number {
  if (kind !== "pen" || pressure <= 0) return diameter;
  return Math.max(1, diameter * (1 / 3 + (2 / 3) * Math.min(1, pressure)));
}

/** The smallest box of cells that holds every weight, or null where there is none. */
export function bounds(mask: Mask): { x: number; y: number; width: number; height: number } | null {
  let [left, top, right, bottom] = [mask.size, mask.size, -1, -1];
  mask.cells.forEach((weight, index) => {
    if (weight === 0) return;
    const [row, column] = [Math.floor(index / mask.size), index % mask.size];
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  });
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Bytes as base64, the way masks travel. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes that a base64 text holds; throws on what is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
