import { type JobInfo, json, part, request, send } from "./client";
import type { components } from "./types";

type Schemas = components["schemas"];
export type AskedFact = Schemas["AskedFact"];
export type Continuation = Schemas["Continuation"];
export type FactEditInfo = Schemas["FactEditInfo"];
export type FactsWork = Schemas["FactsWork"];
export type NextWord = Schemas["NextWord"];
export type StackEntry = Schemas["StackEntry"];

const base = (model: string) => `api/models/${part(model)}/facts`;
const post = <Answer>(model: string, path: string, body: object) =>
  json<Answer>(`${base(model)}/${path}`, "POST", body);

export const factAddress = {
  file: (model: string, edit: string, name: string, strength: number) =>
    `${base(model)}/edits/${edit}/file?name=${part(name)}&strength=${strength}`,
};

export const factsApi = {
  work: (model: string) => json<FactsWork>(base(model)),
  step: (model: string, body: Schemas["StepFacts"]) => json<Schemas["Kept"]>(base(model), "PATCH", body),
  examples: (model: string) => json<Schemas["ShippedFacts"]>(`${base(model)}/examples`),
  shipped: (model: string, body: Schemas["SubjectOfPrompt"]) =>
    post<Schemas["ShippedFacts"]>(model, "shipped", body),
  next: (model: string, body: Schemas["Written"]) => post<Continuation>(model, "next", body),
  trace: (model: string, body: { prompt: string; subject: string }) => post<JobInfo>(model, "traces", body),
  edit: (model: string, body: Schemas["NewFactEdit"]) => post<JobInfo>(model, "edits", body),
  compare: (model: string, body: Schemas["NewComparison"]) => post<JobInfo>(model, "comparison", body),
  judge: (model: string, body: Schemas["NewJudgement"]) => post<JobInfo>(model, "judgement", body),
  judged: async (model: string, body: Schemas["NewJudgement"]) =>
    (await send(`${base(model)}/judgement/facts`, "POST", body)).blob(),
  load: async (model: string, file: Blob, transfer: boolean) => {
    const path = `${base(model)}/edits/import?transfer=${transfer}`;
    const response = await request(path, { method: "POST", body: file });
    return (await response.json()) as FactEditInfo;
  },
};
