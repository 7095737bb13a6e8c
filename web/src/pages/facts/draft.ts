import type { AskedFact } from "../../api/facts";

/** What is typed about a fact; null follows the fact that ships with its prompt and subject. */
export interface Draft {
  readonly target: string | null;
  /** One a line. */
  readonly paraphrases: string | null;
  /** One a line, with its true object behind a bar where one is named. */
  readonly neighbours: string | null;
  readonly method: Method;
  readonly layers: string;
}

export type Method = "rome" | "memit" | "alphaedit";
export const METHODS = [
  { value: "rome", label: "ROME: one layer" },
  { value: "memit", label: "MEMIT: several layers" },
  { value: "alphaedit", label: "AlphaEdit: where other keys are weak" },
] as const;

export const EMPTY: Draft = { target: null, paraphrases: null, neighbours: null, method: "rome", layers: "" };

type Neighbours = AskedFact["neighbours"];

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

export const neighboursText = (neighbours: Neighbours): string =>
  (neighbours ?? [])
    .map(({ prompt, true: object }) => (object ? `${prompt} | ${object}` : prompt))
    .join("\n");

export const neighboursOf = (text: string): NonNullable<Neighbours> =>
  linesOf(text).flatMap((line) => {
    const [prompt = "", ...object] = line.split("|");
    return prompt.trim() ? [{ prompt: prompt.trim(), true: object.join("|").trim() }] : [];
  });

/** What stands in the fields: what was typed, or what ships. */
export const shownOf = (draft: Draft, shipped: AskedFact | null) => ({
  target: draft.target ?? shipped?.new ?? "",
  paraphrases: draft.paraphrases ?? (shipped?.paraphrases ?? []).join("\n"),
  neighbours: draft.neighbours ?? neighboursText(shipped?.neighbours),
});

/** The fact that the page asks for. */
export function factOf(
  asked: { prompt: string; subject: string },
  draft: Draft,
  shipped: AskedFact | null,
): Required<AskedFact> {
  const { target, paraphrases, neighbours } = shownOf(draft, shipped);
  return {
    ...asked,
    true: shipped?.true ?? "",
    new: target.trim(),
    paraphrases: linesOf(paraphrases),
    neighbours: neighboursOf(neighbours),
  };
}

/** Whether the prompts are those that ship. */
export const isShipped = (draft: Draft, shipped: AskedFact | null): boolean =>
  shipped !== null && draft.paraphrases === null && draft.neighbours === null;

interface Noted extends Draft {
  readonly prompt: string;
  readonly mark: string;
}

/** A note as it is kept beside the edits. */
export const noteOf = (prompt: string, mark: string, draft: Draft): string =>
  JSON.stringify({ prompt, mark, ...draft } satisfies Noted);

/** What a note says; null where there is none, or it is another version's. */
export function parseNote(text: string): { prompt: string; mark: string; draft: Draft } | null {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== "object" || read === null) return null;
    const say = (name: string): string | null => {
      const value: unknown = Reflect.get(read, name);
      return typeof value === "string" ? value : null;
    };
    const method = METHODS.find(({ value }) => value === say("method"))?.value ?? EMPTY.method;
    const draft: Draft = {
      target: say("target"),
      paraphrases: say("paraphrases"),
      neighbours: say("neighbours"),
      method,
      layers: say("layers") ?? "",
    };
    return { prompt: say("prompt") ?? "", mark: say("mark") ?? "", draft };
  } catch {
    return null;
  }
}
