import { LARGEST_SEED } from "./seeds";

export const MOST_PICTURES = 256;

/** Read "0-31, 57": the pictures of a wall in the order in which they were typed, or what cannot be read. */
export function parseSeeds(text: string): { seeds: number[]; problem: string } {
  const seeds = new Set<number>();
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const match = /^(\d{1,10})(?:[-–](\d{1,10}))?$/.exec(part);
    if (!match) return { seeds: [], problem: `“${part}” names no pictures; write 0-31, 57.` };
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to < from) return { seeds: [], problem: `${part} ends before it starts; write ${to}-${from}.` };
    if (to > LARGEST_SEED) return { seeds: [], problem: `Pictures are counted up to ${LARGEST_SEED}.` };
    if (to - from >= MOST_PICTURES || seeds.size + to - from >= MOST_PICTURES)
      return { seeds: [], problem: `A wall holds at most ${MOST_PICTURES} pictures.` };
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  if (seeds.size === 0) return { seeds: [], problem: "Name some pictures, such as 0-31, 57." };
  return { seeds: [...seeds], problem: "" };
}

/** Write them the short way, in the same order. */
export function formatSeeds(seeds: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < seeds.length; ) {
    let end = i;
    while (seeds[end + 1] === (seeds[end] ?? 0) + 1) end++;
    if (end - i >= 2) parts.push(`${seeds[i]}-${seeds[end]}`);
    else for (let k = i; k <= end; k++) parts.push(`${seeds[k]}`);
    i = end + 1;
  }
  return parts.join(", ");
}
