import { api, problemOf } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import { photoApi } from "../../api/photos";
import { type Fit, type FitMode, fitIn } from "../../engine/fit";
import { sizeOf } from "../../engine/numbers";
import { complain, say, toast } from "../../kit/messages";
import { go } from "../../kit/router";
import { photoStore } from "./state";
import { paintOn } from "./work";

export const photos = photoStore();

let started: Promise<void> | null = null;

/** The models and the photos, once. */
export function start(): Promise<void> {
  started ??= load().catch((error: unknown) => {
    started = null;
    photos.set({ problem: problemOf(error) });
  });
  return started;
}

async function load(): Promise<void> {
  const [info, { models }] = await Promise.all([api.studio(), api.models(), reload()]);
  const paintable = models.filter((model) => model.paintable);
  const first = paintable.find((model) => model.name === info.default_model) ?? paintable[0];
  photos.set({ models: paintable, model: photos.get().model || (first?.name ?? ""), loaded: true });
}

/** The list of photos again. */
export async function reload(): Promise<void> {
  const { photos: list, largest } = await photoApi.all();
  photos.set({ photos: list, largest });
}

let opening = 0;

/** Show a photo, as it was left. */
export async function openPhoto(id: string, view?: "result" | "paint"): Promise<void> {
  opening += 1;
  const mine = opening;
  try {
    await start();
    const photo = await photoApi.one(id);
    if (mine !== opening) return;
    photos.set({ photo });
    const { models, model } = photos.get();
    const asked = models.find((one) => one.name === photo.asked?.model);
    photos.set({
      fit: photo.fit,
      model: asked?.name ?? model,
      layer: asked ? (photo.asked?.layer ?? "") : "",
      seconds: photo.asked?.seconds ?? photos.get().seconds,
      start: photo.asked?.start ?? DEFAULTS.InversionRequest.start,
      view: view ?? (photo.painting ? "paint" : "result"),
      problem: null,
    });
    if (photo.inversion) await paintOn(photo, models);
  } catch (error) {
    if (mine !== opening) return;
    closePhoto();
    complain(problemOf(error));
  }
}

/** Back to the choice of photos. */
export function closePhoto(): void {
  opening += 1;
  photos.set({ photo: null, fit: null, problem: null });
}

/** Send a photo: dropped, pasted or chosen. */
export async function bring(file: File): Promise<void> {
  const { largest, sending } = photos.get();
  if (sending) return;
  const name = file.name || "pasted.png";
  if (file.size > largest) {
    const detail = `${name} has ${sizeOf(file.size)}; at most ${sizeOf(largest)} can be sent.`;
    photos.set({ problem: { title: "Too large to send", detail, hint: "Save it smaller, or as a JPEG." } });
    return;
  }
  photos.set({ sending: name, problem: null });
  try {
    const photo = await photoApi.bring(file, name);
    say(`${name} is here. Choose the square.`);
    await openPhoto(photo.id);
    void reload();
  } catch (error) {
    closePhoto();
    photos.set({ problem: problemOf(error) });
  } finally {
    photos.set({ sending: "" });
  }
}

let keeping = 0;

/** What is to be kept in a moment is sent with something else. */
export const keptElsewhere = (): void => clearTimeout(keeping);

/** Choose the square; it is kept a moment later. */
export function chooseFit(fit: Fit): void {
  const { photo } = photos.get();
  if (photo?.state !== "new") return;
  photos.set({ fit });
  clearTimeout(keeping);
  keeping = window.setTimeout(() => {
    void photoApi.fit(photo.id, fit).catch((error: unknown) => complain(problemOf(error)));
  }, 300);
}

export function chooseMode(mode: FitMode): void {
  const { photo, fit } = photos.get();
  if (photo) chooseFit(fitIn(mode, photo, fit));
}

/** The same photo once more, to choose another square or model. */
export async function startOver(): Promise<void> {
  const { photo } = photos.get();
  if (!photo) return;
  try {
    const copy = await photoApi.copy(photo.id);
    await openPhoto(copy.id);
    void reload();
    toast({ title: "A copy to start over with", detail: "What you made before is kept." });
  } catch (error) {
    complain(problemOf(error));
  }
}

/** Put a photo away, with what was painted on it; the toast brings it back. */
export async function removePhoto(id: string): Promise<void> {
  try {
    await photoApi.remove(id);
    if (photos.get().photo?.id === id) {
      closePhoto();
      go("photo", {});
    }
    await reload();
    const restore = async () => {
      await photoApi.restore(id);
      await reload();
      await openPhoto(id);
    };
    toast({
      title: "Photo deleted",
      action: { label: "Undo", run: () => void restore().catch((error) => complain(problemOf(error))) },
    });
  } catch (error) {
    complain(problemOf(error));
  }
}
