import type { Point } from "./mask";

/** A rectangle in whole pixels of a picture. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** By seed, the box that is marked in that picture. */
export type Marks = ReadonlyMap<number, Box>;

/** Read "7:10,12,8,8 9:0,0,4,4", as `inscape find` takes it; what cannot be read is left out. */
export function readMarks(text: string): Marks {
  const found = [...text.matchAll(/(?:^|\s)(\d{1,10}):(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})(?=\s|$)/g)];
  return new Map(
    found.map(([, seed, x, y, width, height]) => [
      Number(seed),
      { x: Number(x), y: Number(y), width: Number(width), height: Number(height) },
    ]),
  );
}

export const writeMarks = (marks: Marks): string =>
  [...marks].map(([seed, { x, y, width, height }]) => `${seed}:${x},${y},${width},${height}`).join(" ");

const within = (value: number, most: number) => Math.min(most, Math.max(0, value));

/** Every pixel that a box between two places, in fractions of the picture, touches. */
export function boxBetween(from: Point, to: Point, size: number): Box {
  const span = (a: number, b: number): [number, number] => {
    const first = within(Math.floor(Math.min(a, b) * size), size - 1);
    return [first, Math.max(1, within(Math.ceil(Math.max(a, b) * size), size) - first)];
  };
  const [[x, width], [y, height]] = [span(from.x, to.x), span(from.y, to.y)];
  return { x, y, width, height };
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Move a box by an arrow key, or with Shift its lower right corner; null where the key is no arrow. */
export function nudge(box: Box, key: string, sizing: boolean, size: number): Box | null {
  const step = STEPS[key];
  if (!step) return null;
  const [dx, dy] = step.map((one) => one * Math.max(1, Math.round(size / 32))) as [number, number];
  const { x, y, width, height } = box;
  if (!sizing) return { ...box, x: within(x + dx, size - width), y: within(y + dy, size - height) };
  const grown = (side: number, by: number, start: number) => Math.max(1, within(side + by, size - start));
  return { ...box, width: grown(width, dx, x), height: grown(height, dy, y) };
}

/** Where the keyboard begins: the middle of the picture. */
export function middleBox(size: number): Box {
  const side = Math.max(1, Math.round(size / 4));
  const at = Math.floor((size - side) / 2);
  return { x: at, y: at, width: side, height: side };
}
