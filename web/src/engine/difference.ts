/**
 * What changed between two pictures of one size, as RGBA: dark where nothing did, through violet and orange to pale
 * yellow where a pixel changed most. The scale is absolute (`full` grey levels are the brightest), not stretched.
 */
export function heatMap(
  before: Uint8ClampedArray,
  after: Uint8ClampedArray,
  full = 96,
): Uint8ClampedArray<ArrayBuffer> {
  const map = new Uint8ClampedArray(after.length);
  for (let i = 0; i < after.length; i += 4) {
    const delta = (channel: number) => Math.abs((after[i + channel] ?? 0) - (before[i + channel] ?? 0));
    const amount = Math.min(1, Math.max(delta(0), delta(1), delta(2)) / full);
    const [red, green, blue] = heat(amount);
    map[i] = red;
    map[i + 1] = green;
    map[i + 2] = blue;
    map[i + 3] = 255;
  }
  return map;
}

const STOPS: readonly (readonly [number, number, number])[] = [
  [14, 12, 28],
  [84, 30, 110],
  [190, 55, 84],
  [249, 142, 9],
  [252, 254, 180],
];

/** A colour of the scale, for an amount of 0 to 1. */
export function heat(amount: number): [number, number, number] {
  const place = Math.min(1, Math.max(0, amount)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(place));
  const [from, to] = [STOPS[index], STOPS[index + 1]];
  const mix = (channel: 0 | 1 | 2) => {
    const start = from?.[channel] ?? 0;
    return Math.round(start + ((to?.[channel] ?? 0) - start) * (place - index));
  };
  return [mix(0), mix(1), mix(2)];
}
