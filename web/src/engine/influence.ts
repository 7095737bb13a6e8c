import type { components } from "../api/types";
import { inflate } from "./frame";
import { fromBase64, type Mask, type Point } from "./mask";
import type { Part } from "./view";

/** A connected part of what strokes change in a photo. */
export interface Island {
  readonly number: number;
  readonly area: number;
  /** Summed over it, as a mean over the square, in ΔE. */
  readonly change: number;
  readonly box: Part;
  /** Strokes that drop it; empty where it is kept. */
  readonly dropped: readonly string[];
}

/** Where strokes change a photo: one number of an island for each pixel of the square, row by row. */
export interface Influence {
  readonly size: number;
  readonly cells: Uint8Array;
  readonly area: number;
  readonly islands: readonly Island[];
}

/** How it comes over the wire. */
type WireInfluence = NonNullable<components["schemas"]["PaintFrame"]["influence"]>;

/** Numbers of a square map that was deflated and written in base64. */
export async function unpackMap(map: string, size: number): Promise<Uint8Array> {
  const cells = await inflate(fromBase64(map));
  if (cells.length !== size * size) throw new Error(`a map of ${size} has ${size * size} cells`);
  return cells;
}

export async function influenceFromWire(wire: WireInfluence): Promise<Influence> {
  const { size, map, area, islands } = wire;
  return {
    size,
    area,
    cells: await unpackMap(map, size),
    islands: islands.map(({ box: [x = 0, y = 0, width = 0, height = 0], ...island }) => ({
      ...island,
      box: { x, y, width, height },
    })),
  };
}

/** The island under a place, or the nearest within a few pixels: fingers are thick. */
export function islandAt(influence: Influence, point: Point, reach = 3): Island | null {
  const { size, cells } = influence;
  const [column, row] = [Math.floor(point.x * size), Math.floor(point.y * size)];
  let best = { distance: Number.POSITIVE_INFINITY, number: 0 };
  for (let y = Math.max(0, row - reach); y <= Math.min(size - 1, row + reach); y++) {
    for (let x = Math.max(0, column - reach); x <= Math.min(size - 1, column + reach); x++) {
      const number = cells[y * size + x] ?? 0;
      const distance = Math.hypot(x - column, y - row);
      if (number > 0 && distance <= reach && distance < best.distance) best = { distance, number };
    }
  }
  return influence.islands.find((island) => island.number === best.number) ?? null;
}

const LARGEST_MASK = 128;

/** The pixels of an island as a mask, on a grid that is small enough to be kept with every stroke. */
export function islandMask(influence: Influence, number: number): Mask {
  const { size, cells } = influence;
  const step = Math.ceil(size / LARGEST_MASK);
  const side = Math.ceil(size / step);
  const mask = new Uint8Array(side * side);
  cells.forEach((cell, index) => {
    if (cell !== number) return;
    const [row, column] = [Math.floor(index / size), index % size];
    mask[Math.floor(row / step) * side + Math.floor(column / step)] = 255;
  });
  return { size: side, cells: mask };
}

/** What is to be said of an island. */
export function islandLabel(island: Island, index: number): string {
  const share = island.area < 0.001 ? "under 0.1 %" : `${(100 * island.area).toFixed(1)} %`;
  return `Island ${index + 1}: ${share} of the square`;
}
