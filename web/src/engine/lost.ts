/** A map of lost concepts as RGBA: cells that were kept are clear, those of other concepts than `only` faint. */
export function colourBytes(
  cells: Uint8Array,
  colours: readonly string[],
  only: number | null = null,
): Uint8ClampedArray<ArrayBuffer> {
  const bytes = new Uint8ClampedArray(cells.length * 4);
  const parsed = colours.map((colour) =>
    [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16)),
  );
  cells.forEach((cell, index) => {
    if (cell === 0) return;
    const [red = 128, green = 128, blue = 128] = parsed[cell - 1] ?? [];
    const opacity = only === null ? 215 : cell - 1 === only ? 240 : 40;
    bytes.set([red, green, blue, opacity], index * 4);
  });
  return bytes;
}
