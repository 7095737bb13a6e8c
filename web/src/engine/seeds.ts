/** Highest seed that the generators take. */
export const LARGEST_SEED = 4294967295;

/** Read a seed typed by a person; null where it is none. */
export function parseSeed(text: string): number | null {
  const trimmed = text.trim();
  if (!/^\d{1,10}$/.test(trimmed)) return null;
  const seed = Number(trimmed);
  return seed <= LARGEST_SEED ? seed : null;
}

/** `count` seeds from `start` on, wrapping at the end of the range. */
export function page(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (start + index) % (LARGEST_SEED + 1));
}

/** A start of another page of pictures; small numbers, which people can remember and type. */
export function shuffle(random: () => number, count: number, unlike: number): number {
  const pages = Math.floor(10000 / count);
  const start = Math.floor(random() * pages) * count;
  return start === unlike ? (start + count) % 10000 : start;
}

/** The start of the page that holds a seed. */
export const pageOf = (seed: number, count: number): number => Math.floor(seed / count) * count;

/** The neighbour of a seed, wrapping at both ends. */
export function neighbour(seed: number, by: number): number {
  const all = LARGEST_SEED + 1;
  return (((seed + by) % all) + all) % all;
}
