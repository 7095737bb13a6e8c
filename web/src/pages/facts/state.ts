import type { ModelInfo } from "../../api/client";
import type { AskedFact, FactEditInfo } from "../../api/facts";
import type { Entry, Stacked } from "../../engine/editStack";
import { Store } from "../../engine/store";
import { Follower } from "../../kit";
import { type Draft, EMPTY } from "./draft";

const FACTS = {
  model: null as ModelInfo | null,
  stack: [] as readonly Entry[],
  infos: {} as Readonly<Record<string, FactEditInfo>>,
  examples: [] as readonly AskedFact[],
  draft: EMPTY,
  /** The fact that is on the page; null where no subject is marked. */
  fact: null as Required<AskedFact> | null,
  /** Whether its prompts are those that ship. */
  shipped: false,
  /** The edits and the fact that were judged last. */
  judged: "",
  said: "",
};

export type FactsState = Readonly<typeof FACTS>;
export const facts = new Store<FactsState>(FACTS);

/** The long work of the page, one of each kind at a time. */
export const jobs = { edit: new Follower(), compare: new Follower(), judge: new Follower() };

/** What is missing before a fact can be changed, in one sentence; empty where nothing is. */
export function missing({ fact }: Pick<FactsState, "fact">): string {
  if (!fact?.subject) return "Mark the subject first.";
  return fact.new ? "" : "Write the new object: what the model is to say instead.";
}

/** What an edit of the fact is called. */
export const nameOf = (fact: AskedFact): string =>
  `${fact.prompt.replace("{}", fact.subject)} ${fact.new}`.slice(0, 120);

export const type = (change: Partial<Draft>): void =>
  facts.set({ draft: { ...facts.get().draft, ...change } });

/** Everything that undo takes back. */
export type Work = Stacked;
