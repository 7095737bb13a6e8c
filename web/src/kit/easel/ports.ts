import type { Problem } from "../../api/client";
import type { Drawing, Frame } from "../../api/socket";
import type { Keep } from "../../engine/autosave";
import type { Operation } from "../../engine/history";
import type { Mask } from "../../engine/mask";
import type { Ground } from "../../engine/preview";
import type { Brush } from "../../engine/stroke";
import type { Lack } from "./lacking";

/** What is painted on: a picture of a model, or a photo. */
export interface Place {
  readonly seed: number;
  readonly classIndex: number | null;
  readonly photo: string | null;
}

/** What a painter needs of the world. */
export interface Ports {
  draw(drawing: Drawing): Promise<Frame>;
  keep(model: string, place: Place): Keep<Operation>;
  /** What a place of the untouched picture looks like, as a brush. */
  appearance(ground: Ground, layer: string, mask: Mask): Promise<Brush>;
  /** The untouched picture. */
  original(ground: Ground): Promise<ImageBitmap>;
  problem(problem: Problem): void;
  /** What was done has no effect. */
  lacking(lack: Lack): void;
  say(text: string): void;
}
