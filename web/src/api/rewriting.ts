import { type JobInfo, json, part, request, send } from "./client";
import type { components } from "./types";

type Schemas = components["schemas"];
export type WireWork = Schemas["Work"];
export type WireState = Schemas["WorkState"];
export type WireSelection = Schemas["Selection"];
export type RuleInfo = Schemas["RuleInfo"];
export type RuleLayer = Schemas["RuleLayer"];
export type WallPictures = Schemas["WallPictures"];

const base = (model: string) => `api/models/${part(model)}/rewriting`;
const post = <Answer>(model: string, path: string, body: object) =>
  json<Answer>(`${base(model)}/${path}`, "POST", body);

export const ruleAddress = {
  file: (model: string, rule: string, name: string, strength: number) =>
    `${base(model)}/rules/${rule}/file?name=${part(name)}&strength=${strength}`,
  export: (model: string, edits: string, format: string) =>
    `${base(model)}/export?edits=${part(edits)}&format=${format}`,
};

export const ruleApi = {
  work: (model: string) => json<WireWork>(base(model)),
  step: (model: string, body: Schemas["StepWork"]) => json<Schemas["Kept"]>(base(model), "PATCH", body),
  layers: (model: string) => json<Schemas["RuleLayers"]>(`${base(model)}/layers`),
  prepare: (model: string, layer: string, seeds: readonly number[]) =>
    post<JobInfo>(model, "preparation", { layer, seeds }),
  wall: (model: string, body: Schemas["WallRequest"]) => post<WallPictures>(model, "wall", body),
  search: (model: string, body: Schemas["RuleSearch"]) => post<JobInfo>(model, "search", body),
  make: (model: string, body: Schemas["RuleRequest"]) => post<JobInfo>(model, "rules", body),
  task: async (model: string, body: Schemas["RuleRequest"]) =>
    (await send(`${base(model)}/task`, "POST", body)).text(),
  audit: (model: string, body: Schemas["AuditRequest"]) => post<JobInfo>(model, "audit", body),
  advise: (model: string, body: Schemas["AdviceRequest"]) => post<JobInfo>(model, "advice", body),
  load: async (model: string, file: Blob, transfer: boolean) => {
    const path = `${base(model)}/rules/import?transfer=${transfer}`;
    const response = await request(path, { method: "POST", body: file });
    return (await response.json()) as RuleInfo;
  },
};
