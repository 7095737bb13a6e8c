import type { Address } from "../../kit";
import { open } from "./start";
import { rewrite } from "./state";

/** Which model, which layer of it, and which pictures are on the wall. */
export const address: Address = {
  stores: [rewrite],
  entries: [],
  write: () => {
    const { model, rule, seedText, seedProblem } = rewrite.get();
    if (!model || seedProblem) return null;
    return { model: model.name, layer: rule.choices.layer, seeds: seedText.replaceAll(" ", "") };
  },
  follow: open,
};
