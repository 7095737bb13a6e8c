import type { ModelInfo } from "../api/client";
import { compact, duration } from "./numbers";

/** What a card says, as rows that a person can read. */
export type Fact = readonly [name: string, value: string];

type Card = Omit<
  ModelInfo,
  | "name"
  | "kind"
  | "description"
  | "layers"
  | "default_layer"
  | "training"
  | "argument"
  | "classifies"
  | "paintable"
  | "removable"
>;

const SHOWN_CLASSES = 20;

const NAMES: Readonly<Record<string, string>> = {
  step: "Steps",
  images: "Pictures seen",
  seconds: "Time",
  r1_weight: "R1 weight",
};

const ARCHITECTURES: Readonly<Record<string, string>> = {
  stylegan2: "StyleGAN2",
  stylegan3: "StyleGAN3",
  progan: "ProGAN",
  dcgan: "DCGAN",
  unet: "U-Net",
  efficientnet_lite: "EfficientNet-Lite",
  residual_classifier: "Residual classifier",
  vision_transformer: "Vision transformer",
  picture_encoder: "Encoder of pictures",
  decoder: "Decoder",
};

function latentOf({ z_dim: z, w_dim: w, num_ws: places }: Card["latent"]): string {
  const mapped = places !== undefined && places > 1;
  const parts = [z && `z of ${z} numbers`, mapped && `w of ${w}`, mapped && `at ${places} places`];
  return parts.filter(Boolean).join(", ");
}

function classesOf({ latent, classes }: Card): string | null {
  if (!latent.c_dim) return null;
  const shown = classes.slice(0, SHOWN_CLASSES).join(", ");
  return shown
    ? `${latent.c_dim}: ${shown}${classes.length > SHOWN_CLASSES ? ", …" : ""}`
    : `${latent.c_dim}`;
}

export function factsOf(card: Card): Fact[] {
  const { concepts, image_size: size, world_hash: hash } = card;
  const all: (readonly [string, string | null])[] = [
    ["Architecture", ARCHITECTURES[card.architecture] ?? card.architecture],
    ["Picture", size ? `${size} × ${size} pixels` : null],
    ["Parameters", compact(card.parameters)],
    ["Latent", latentOf(card.latent)],
    ["Classes", classesOf(card)],
    ["Concepts", concepts.length > 0 ? `${concepts.length}: ${concepts.join(", ")}` : null],
    ["Segmenter", card.segmenter],
    ["World", card.world && `${card.world}${hash ? ` (${hash.slice(0, 12)})` : ""}`],
    ["Source", card.source],
    ["Licence", card.licence || "not stated; the authors' licence applies"],
  ];
  return all.flatMap(([name, value]): Fact[] => (value ? [[name, value]] : []));
}

/** How it was trained; whatever else the card names comes under its own name. */
export function trainingOf(training: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(training).map(([key, value]): Fact => {
    const words = key.replaceAll("_", " ");
    const name = NAMES[key] ?? words.charAt(0).toUpperCase() + words.slice(1);
    return [name, key === "seconds" && typeof value === "number" ? duration(value) : plain(value)];
  });
}

function plain(value: unknown): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
