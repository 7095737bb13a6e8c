import type { Fact } from "./facts";

interface Named {
  readonly name: string;
  readonly units: number;
}

const BLOCK = /\.(\d+)/;

/** The layers of a language model as rows: those that differ in the number of the block alone as one. */
export function layerFacts(layers: readonly Named[]): Fact[] {
  const groups = new Map<string, Named[]>();
  for (const layer of layers) {
    const key = `${layer.name.replace(BLOCK, ".{}")} ${layer.units}`;
    groups.set(key, [...(groups.get(key) ?? []), layer]);
  }
  return [...groups.values()].map((held) => {
    const [first, last] = [held[0], held.at(-1)].map((layer) => layer?.name.match(BLOCK)?.[1]);
    const name = held[0]?.name ?? "";
    const shown = held.length > 1 ? name.replace(BLOCK, `.{${first}-${last}}`) : name;
    return [shown, `${held[0]?.units} units`] as const;
  });
}
