/** What can be found by typing. */
export interface Findable {
  readonly label: string;
  readonly group: string;
}

const initialsOf = (text: string): string => text.replaceAll(/(\p{L}|\d)[^\s]*\s*/gu, "$1");

/** How far a word is from what something is called: the smaller, the nearer; null where it does not fit at all. */
function distance({ label, group }: Findable, word: string): number | null {
  const text = label.toLowerCase();
  if (text.startsWith(word)) return 0;
  if (text.includes(` ${word}`)) return 1;
  if (initialsOf(text).startsWith(word)) return 2;
  if (text.includes(word)) return 3;
  return group.toLowerCase().startsWith(word) ? 4 : null;
}

/** What every typed word fits, the nearest first; everything, in its own order, where nothing is typed. */
export function find<Item extends Findable>(items: readonly Item[], typed: string): Item[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = items.flatMap((item) => {
    const far = words.map((word) => distance(item, word));
    return far.includes(null) ? [] : [{ item, far: far.reduce<number>((sum, one) => sum + (one ?? 0), 0) }];
  });
  return found.sort((a, b) => a.far - b.far).map(({ item }) => item);
}
