import { problemOf } from "../../api/client";
import { type AskedFact, factAddress, factsApi } from "../../api/facts";
import { activeOf, type Entry, fileNameOf, withEdit } from "../../engine/editStack";
import { complain, complainOfEdit, download, saveBlob, say, toast } from "../../kit";
import { facts, jobs, missing, nameOf } from "./state";
import { book } from "./work";

const copied = (stack: readonly Entry[]) => activeOf(stack).map((entry) => ({ ...entry }));

/** Change the fact that is on the page, over the edits that are on, and put the edit on top of them. */
export async function execute(): Promise<void> {
  const { model, fact, draft, stack } = facts.get();
  if (!model || jobs.edit.active) return;
  const lacking = missing({ fact });
  if (!fact || lacking) {
    complain({ title: "Nothing to execute yet", detail: lacking, hint: "" });
    return;
  }
  facts.set({ said: "" });
  await jobs.compare.stop();
  const { method, layers } = draft;
  const job = await jobs.edit.follow(() =>
    factsApi.edit(model.name, { fact, method, layers, over: copied(stack) }),
  );
  if (job?.state === "cancelled") facts.set({ said: "Stopped. Nothing was changed." });
  if (job?.result?.kind !== "fact-edit" || facts.get().model !== model) return;
  const { edit } = job.result;
  facts.set({ infos: { ...facts.get().infos, [edit.id]: edit } });
  book.apply((state) => withEdit(state, edit.id, nameOf(fact)));
  say(`${nameOf(fact)}: the edit is made and on.`);
}

/** Ask the model with the edits and without; an older question is given up. */
export async function compare(prompt: string, others: string[]): Promise<void> {
  const { model, stack } = facts.get();
  if (!model || jobs.edit.active) return;
  await jobs.compare.stop();
  await jobs.compare.follow(() =>
    factsApi.compare(model.name, { prompt, others, edits: copied(stack), length: 20 }),
  );
}

/** What edits are judged at: what they changed, with the prompts that are on the page now. */
export const judgementOf = (stack: readonly Entry[], fact: AskedFact | null) => ({
  edits: copied(stack),
  fact: fact && { ...fact, new: "" },
});

export async function judge(): Promise<void> {
  const { model, stack, fact } = facts.get();
  if (!model) return;
  const body = judgementOf(stack, fact);
  facts.set({ judged: JSON.stringify(body) });
  await jobs.judge.follow(() => factsApi.judge(model.name, body));
}

export async function saveJudged(): Promise<void> {
  const { model, stack, fact } = facts.get();
  if (!model) return;
  try {
    saveBlob(await factsApi.judged(model.name, judgementOf(stack, fact)), "facts.json");
  } catch (error) {
    complain(problemOf(error));
  }
}

export async function saveEdit({ rule, name, strength }: Entry): Promise<void> {
  const { model } = facts.get();
  if (model) await download(factAddress.file(model.name, rule, name, strength), fileNameOf(name));
}

/** Put a saved edit on the stack; one for other weights only where a person insists. */
export async function loadEdit(file: Blob, transfer = false): Promise<void> {
  const { model } = facts.get();
  if (!model) return;
  try {
    const info = await factsApi.load(model.name, file, transfer);
    if (facts.get().model !== model) return;
    facts.set({ infos: { ...facts.get().infos, [info.id]: info } });
    const name = info.name || "Loaded";
    book.apply((state) => withEdit(state, info.id, name));
    toast({ title: `${name} loaded`, detail: "It is on top of the others." });
  } catch (error) {
    complainOfEdit(problemOf(error), () => void loadEdit(file, true));
  }
}

/** Give up what was asked for first. False where nothing is under way. */
export function stopFirst(): boolean {
  const first = Object.values(jobs).find((one) => one.active);
  void first?.stop();
  return first !== undefined;
}
