/** The cell that keyboard painting stands on. */
export interface Cursor {
  readonly column: number;
  readonly row: number;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Move by an arrow key, four cells at once with Shift; null where the key is no arrow. Home centres. */
export function moveCursor(cursor: Cursor, key: string, fast: boolean, size: number): Cursor | null {
  if (key === "Home") return centre(size);
  const step = STEPS[key];
  if (!step) return null;
  const far = fast ? 4 : 1;
  const clamp = (value: number) => Math.min(size - 1, Math.max(0, value));
  return { column: clamp(cursor.column + step[0] * far), row: clamp(cursor.row + step[1] * far) };
}

export const centre = (size: number): Cursor => ({
  column: Math.floor(size / 2),
  row: Math.floor(size / 2),
});

/** The middle of the cell as a place in the picture. */
export const cursorPoint = (cursor: Cursor, size: number) => ({
  x: (cursor.column + 0.5) / size,
  y: (cursor.row + 0.5) / size,
});

/** Where the cursor is, for people who hear it. */
export const spoken = (cursor: Cursor, size: number): string =>
  `column ${cursor.column + 1}, row ${cursor.row + 1} of ${size}`;
