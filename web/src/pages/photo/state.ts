import type { PhotoInfo, PhotoSummary, Problem } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { Fit } from "../../engine/fit";
import { Store } from "../../engine/store";

export const VIEWS = ["result", "paint"] as const;
export type PhotoView = (typeof VIEWS)[number];

/** Photos, the one that is worked on, and what is chosen for its inversion. */
export interface PhotoState {
  readonly photos: readonly PhotoSummary[];
  /** Bytes that a photo may have. */
  readonly largest: number;
  readonly photo: PhotoInfo | null;
  readonly view: PhotoView;
  readonly fit: Fit | null;
  readonly model: string;
  /** Where one will paint; empty for the model's default layer. */
  readonly layer: string;
  readonly seconds: number;
  readonly start: "encoder" | "average";
  /** Name of the file that is being sent. */
  readonly sending: string;
  /** What went wrong last: with a file, or with an inversion. */
  readonly problem: Problem | null;
}

export const SECONDS = [5, 10, 20, 40, 90, 180] as const;

export const photoStore = () =>
  new Store<PhotoState>({
    photos: [],
    largest: Number.POSITIVE_INFINITY,
    photo: null,
    view: "result",
    fit: null,
    model: "",
    layer: "",
    ...DEFAULTS.InversionRequest,
    sending: "",
    problem: null,
  });

export type Step = "choose" | "fit" | "running" | "result" | "paint";

/** Which part of the work is shown. */
export function stepOf({ photo, view }: Pick<PhotoState, "photo" | "view">): Step {
  if (!photo) return "choose";
  if (photo.state === "new") return "fit";
  return photo.state === "inverting" ? "running" : view;
}
