import { json } from "./client";
import type { components } from "./types";

type Schemas = components["schemas"];

/** What each verb can be asked, where it may be left out. */
export interface Requests {
  models: Partial<Schemas["ModelsRequest"]>;
  dissect: Partial<Schemas["DissectRequest"]>;
  explain: Partial<Schemas["ExplainRequest"]>;
  layers: Partial<Schemas["LayersRequest"]>;
  effect: Partial<Schemas["EffectRequest"]>;
  find: Partial<Schemas["FindRequest"]>;
  artifacts: Partial<Schemas["ArtifactsRequest"]>;
  roles: Partial<Schemas["RolesRequest"]>;
  atlas: Partial<Schemas["AtlasRequest"]>;
  invert: Partial<Schemas["InvertRequest"]>;
  rewrite: Partial<Schemas["RewriteRequest"]>;
  "fact-trace": Partial<Schemas["FactTraceRequest"]>;
  "fact-edit": Partial<Schemas["FactEditRequest"]>;
  "fact-judge": Partial<Schemas["FactJudgeRequest"]>;
  apply: Partial<Schemas["ApplyRequest"]>;
}

/** The line that would do it in a terminal, as the studio writes it. */
export const lineOf = async (verb: keyof Requests, body: object): Promise<string> =>
  (await json<Schemas["Line"]>(`api/lines/${verb}`, "POST", body)).line;
