import { access } from "./access";
import type { components } from "./types";

type Schemas = components["schemas"];
export type StudioInfo = Schemas["StudioInfo"];
export type ModelInfo = Schemas["ModelInfo"];
export type CheckpointFile = Schemas["CheckpointFile"];
export type LayerInfo = Schemas["LayerInfo"];
export type ReportInfo = Schemas["ReportInfo"];
export type UnitInfo = Schemas["UnitInfo"];
export type BrushInfo = Schemas["BrushInfo"];
export type BrushList = Schemas["BrushList"];
export type Example = Schemas["Example"];
export type JobInfo = Schemas["JobInfo"];
export type JobResult = JobInfo["result"];
export type PhotoInfo = Schemas["PhotoInfo"];
export type PhotoSummary = Schemas["PhotoSummary"];
export type FitInfo = Schemas["FitInfo"];
export type LostInfo = Schemas["LostInfo"];
export type RunningInversion = Schemas["RunningInversion"];
export type StageInfo = Schemas["StageInfo"];
export type Painting = Schemas["Painting"];
export type PaintingSummary = Schemas["PaintingSummary"];
export type WireStroke = Schemas["Stroke"];
export type WireOperation = Painting["operations"][number];
export type Problem = Schemas["Problem"];

/** An answer that says no: what, why, and what to do. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: number,
  ) {
    super(problem.detail);
  }
}

/** Nobody answered. */
export const UNREACHABLE: Problem = {
  title: "The studio does not answer",
  detail: "Your work is kept in this tab, and is sent when the studio answers again.",
  hint: "Is `inscape studio` still running?",
};

/** It answers, but not to this tab; nothing is asked of it any more. */
export const LOCKED: Problem = {
  title: "The studio was started again",
  detail: "This tab belongs to the earlier start. Your work is kept here.",
  hint: "Open the address that `inscape studio` printed, in this browser.",
};

export function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  return "title" in value && "detail" in value && typeof value.title === "string";
}

/** Whether nobody answered, or not to this tab. */
export const isOffline = (error: unknown): boolean => error instanceof ProblemError && error.status === 0;

export const isMissing = (error: unknown): boolean => error instanceof ProblemError && error.status === 404;

/** Any error in the one shape that people see. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "Something went wrong", detail, hint: "" };
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  if (access.get().locked) throw new ProblemError(LOCKED, 0);
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ProblemError(UNREACHABLE, 0);
  }
  if (response.ok) return response;
  if (response.status === 401) {
    access.set({ locked: true });
    throw new ProblemError(LOCKED, 0);
  }
  const body: unknown = await response.json().catch(() => null);
  const fallback = {
    title: response.statusText || "It failed",
    detail: `The studio answered ${response.status}.`,
    hint: "",
  };
  throw new ProblemError(isProblem(body) ? body : fallback, response.status);
}

export function send(path: string, method: string, body?: object): Promise<Response> {
  const init: RequestInit = { method };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  return request(path, init);
}

/** The types come from the studio's own OpenAPI, which a check holds against the code. */
export async function json<Answer>(path: string, method = "GET", body?: object): Promise<Answer> {
  const response = await send(path, method, body);
  return (await response.json()) as Answer;
}

export const part = encodeURIComponent;
const layerPath = (model: string, layer: string) => `api/models/${part(model)}/layers/${part(layer)}`;

/** Addresses of pictures, relative, so that the studio works under any path. */
export const address = {
  picture: (model: string, seed: number, classIndex: number | null = null) =>
    `api/models/${part(model)}/pictures/${seed}.jpg${classIndex === null ? "" : `?class_index=${classIndex}`}`,
  strip: (model: string, layer: string, unit: number) =>
    `${layerPath(model, layer)}/units/${unit}/strip.webp`,
  photo: (photo: string) => `api/photos/${photo}/screen.jpg`,
  small: (photo: string) => `api/photos/${photo}/small.jpg`,
  target: (photo: string) => `api/photos/${photo}/target.png`,
  stage: (photo: string, stage: string) => `api/photos/${photo}/stages/${stage}.png`,
  inversion: (photo: string) => `api/photos/${photo}/inversion/file`,
  export: (painting: string, scale = 1) =>
    `api/paintings/${painting}/export.png${scale === 1 ? "" : `?scale=${scale}`}`,
  recipe: (painting: string) => `api/paintings/${painting}/recipe.json`,
};

export const api = {
  studio: () => json<StudioInfo>("api/studio"),
  models: () => json<Schemas["ModelList"]>("api/models"),
  checkpoints: () => json<Schemas["CheckpointList"]>("api/checkpoints"),
  openCheckpoint: (body: Schemas["OpenCheckpoint"]) => json<ModelInfo>("api/checkpoints/open", "POST", body),
  uploadCheckpoint: async (file: File, signal?: AbortSignal) => {
    const init: RequestInit = { method: "POST", body: file, ...(signal ? { signal } : {}) };
    const response = await request(`api/checkpoints/upload?name=${part(file.name)}`, init);
    return (await response.json()) as ModelInfo;
  },
  removeModel: async (model: string) =>
    void (await request(`api/models/${part(model)}`, { method: "DELETE" })),
  report: (model: string, layer: string) => json<ReportInfo>(`${layerPath(model, layer)}/report`),
  unit: (model: string, layer: string, unit: number) =>
    json<UnitInfo>(`${layerPath(model, layer)}/units/${unit}`),
  brushes: (model: string, layer: string) =>
    json<BrushList>(`api/models/${part(model)}/brushes?layer=${part(layer)}`),
  /** The painted example of a model; null where it has none. */
  example: (model: string) => json<Example | null>(`api/models/${part(model)}/example`),
  paintings: () => json<Schemas["PaintingList"]>("api/paintings"),
  painting: (id: string) => json<Painting>(`api/paintings/${part(id)}`),
  createPainting: (body: Schemas["NewPainting"]) => json<Painting>("api/paintings", "POST", body),
  stepPainting: (id: string, body: Schemas["StepPainting"]) =>
    json<Schemas["Kept"]>(`api/paintings/${part(id)}`, "PATCH", body),
  deletePainting: async (id: string) =>
    void (await request(`api/paintings/${part(id)}`, { method: "DELETE" })),
  paintAgain: (id: string) => json<Painting>(`api/paintings/${part(id)}/again`, "POST"),
  restorePainting: (id: string) => json<Painting>(`api/paintings/${part(id)}/restore`, "POST"),
  importPainting: async (file: Blob) => {
    const response = await request("api/paintings/import", { method: "POST", body: file });
    return (await response.json()) as Painting;
  },
  command: (id: string) => json<Schemas["Command"]>(`api/paintings/${part(id)}/command`),
  blob: async (path: string) => (await request(path)).blob(),
  startDissection: (model: string, layer: string, images: number, segmenter: string | null) =>
    json<JobInfo>(`${layerPath(model, layer)}/dissection`, "POST", { images, segmenter }),
  startEffects: (model: string, body: Schemas["EffectsRequest"]) =>
    json<JobInfo>(`api/models/${part(model)}/effects`, "POST", body),
  appearance: (model: string, body: Schemas["AppearanceRequest"]) =>
    json<Schemas["Appearance"]>(`api/models/${part(model)}/appearance`, "POST", body),
  activity: (model: string, body: Schemas["ActivityRequest"]) =>
    json<Schemas["ActivityList"]>(`api/models/${part(model)}/activity`, "POST", body),
  jobs: () => json<Schemas["JobList"]>("api/jobs"),
  job: (id: string) => json<JobInfo>(`api/jobs/${part(id)}`),
  cancelJob: (id: string) => json<JobInfo>(`api/jobs/${part(id)}`, "DELETE"),
};
