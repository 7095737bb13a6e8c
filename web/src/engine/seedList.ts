import { readSpans } from "./ranges";
import { LARGEST_SEED } from "./seeds";

export const MOST_PICTURES = 256;

/** Read "0-31, 57": the pictures of a wall in the order in which they were typed, or what cannot be read. */
export function parseSeeds(text: string): { seeds: number[]; problem: string } {
  const seeds = new Set<number>();
  const { spans, wrong } = readSpans(text);
  const no = (problem: string) => ({ seeds: [], problem });
  if (wrong) return no(`“${wrong}” is not a seed or a range. Write 0-31, 57.`);
  for (const { part, from, to } of spans) {
    if (to < from) return no(`${part} runs backwards. Write ${to}-${from}.`);
    if (to > LARGEST_SEED) return no(`The largest seed is ${LARGEST_SEED}.`);
    if (seeds.size + to - from >= MOST_PICTURES) return no(`A wall holds at most ${MOST_PICTURES} pictures.`);
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  if (seeds.size === 0) return no("Name some pictures, such as 0-31, 57.");
  return { seeds: [...seeds], problem: "" };
}
