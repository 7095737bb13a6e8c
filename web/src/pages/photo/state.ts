import type { PhotoInfo, PhotoSummary, Problem } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { Fit } from "../../engine/fit";
import { Store } from "../../engine/store";

export const VIEWS = ["result", "paint"] as const;
export type PhotoView = (typeof VIEWS)[number];

export const SECONDS = [5, 10, 20, 40, 90, 180] as const;

const PHOTOS = {
  photos: [] as readonly PhotoSummary[],
  /** Bytes that a photo may have. */
  largest: Number.POSITIVE_INFINITY,
  photo: null as PhotoInfo | null,
  view: "result" as PhotoView,
  fit: null as Fit | null,
  model: "",
  /** Where one will paint; empty for the model's default layer. */
  layer: "",
  seconds: DEFAULTS.InversionRequest.seconds as number,
  start: DEFAULTS.InversionRequest.start as "encoder" | "average",
  /** Name of the file that is being sent. */
  sending: "",
  /** What went wrong last: with a file, or with an inversion. */
  problem: null as Problem | null,
};

/** Photos, the one that is worked on, and what is chosen for its inversion. */
export type PhotoState = Readonly<typeof PHOTOS>;
export const photos = new Store<PhotoState>(PHOTOS);

export type Step = "choose" | "fit" | "running" | "result" | "paint";

/** Which part of the work is shown. */
export function stepOf({ photo, view }: Pick<PhotoState, "photo" | "view">): Step {
  if (!photo) return "choose";
  if (photo.state === "new") return "fit";
  return photo.state === "inverting" ? "running" : view;
}
