import type { ModelInfo } from "../../api/client";
import { factsApi } from "../../api/facts";
import { keptByRevision, Workbook } from "../../kit";
import { EMPTY, parseNote } from "./draft";
import { facts, jobs, type Work } from "./state";

/** The edits of a model, with undo; what is typed is kept beside them. */
export const book = new Workbook<Work>(
  () => ({ stack: [] }),
  ({ stack }) => facts.set({ stack }),
);

let opening = 0;

/** Show a model with the edits that were made of it; what was typed last, unless another one is wanted by then. */
export async function open(model: ModelInfo): Promise<{ prompt: string; mark: string } | null> {
  opening += 1;
  const mine = opening;
  for (const job of Object.values(jobs)) job.drop();
  await book.settle();
  const [kept, examples] = await Promise.all([factsApi.work(model.name), factsApi.examples(model.name)]);
  if (mine !== opening) return null;
  const steps = kept.steps.map(({ stack = [] }) => ({ stack }));
  book.adopt(model.name, { ...kept, steps, note: kept.draft }, (note) =>
    keptByRevision(model.name, (revision, { keep, append, cursor }) =>
      factsApi.step(model.name, {
        revision,
        keep,
        append: append.map(({ stack }) => ({ stack: stack.map((entry) => ({ ...entry })) })),
        cursor: cursor - 1,
        draft: note(),
      }),
    ),
  );
  const noted = parseNote(kept.draft);
  facts.set({
    model,
    stack: book.now.stack,
    infos: Object.fromEntries(kept.edits.map((info) => [info.id, info])),
    examples: examples.facts,
    draft: noted?.draft ?? EMPTY,
    fact: null,
    judged: "",
    said: "",
  });
  const first = examples.facts[0];
  return noted ?? { prompt: first?.prompt.replace("{}", first.subject) ?? "", mark: "" };
}
