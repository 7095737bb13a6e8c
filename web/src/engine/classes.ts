import type { ModelInfo } from "../api/client";

/** Classes of conditional generators: what can be chosen, and what a seed is drawn in unless one is. */

type Model = Pick<ModelInfo, "latent" | "classes">;

/** How many classes a model draws; 0 for an unconditional one. */
export const classCount = (model: Model | null): number => model?.latent.c_dim ?? 0;

/** The class that a seed is drawn in: seeds take them in turn, two each, as `Generator.classes_of` does. */
export function ownClass(model: Model | null, seed: number): number | null {
  const count = classCount(model);
  return count > 0 ? Math.floor(seed / 2) % count : null;
}

/** The class that an address asks for, or the seed's own where it names none that is there. */
export function classIn(text: string | undefined, model: Model | null, seed: number): number | null {
  const known = text !== undefined && /^\d{1,9}$/.test(text) && Number(text) < classCount(model);
  return known ? Number(text) : ownClass(model, seed);
}

/** What a class is called. */
export const className = (model: Model | null, index: number): string => model?.classes[index] ?? `${index}`;
