import { api, type PhotoInfo, ProblemError, problemOf } from "../api/client";
import { photoApi } from "../api/photos";
import { complain, say, toast } from "../app/messages";
import { go } from "../app/router";
import { type Fit, type FitMode, fitIn } from "../engine/fit";
import { sizeOf } from "../engine/numbers";
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
  const paintable = models.filter((model) => model.paintable && !model.latent.c_dim);
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
    take(photo);
    const { models, model } = photos.get();
    const asked = models.find((one) => one.name === photo.asked?.model);
    photos.set({
      fit: photo.fit,
      model: asked?.name ?? model,
      layer: asked ? (photo.asked?.layer ?? "") : "",
      seconds: photo.asked?.seconds ?? photos.get().seconds,
      start: photo.asked?.start ?? "encoder",
      view: view ?? (photo.painting ? "paint" : "result"),
      problem: null,
    });
    if (photo.inversion) await paintOn(photo, models);
  } catch (error) {
    closePhoto();
    complain(problemOf(error));
  }
}

/** Back to the choice of photos. */
export function closePhoto(): void {
  opening += 1;
  photos.set({ photo: null, fit: null, problem: null });
}

function take(photo: PhotoInfo): void {
  photos.set({ photo });
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

/** Let the generator draw the photo. */
export async function invert(): Promise<void> {
  const { photo, fit, model, layer, seconds, start } = photos.get();
  if (photo?.state !== "new" || !fit || !model) return;
  clearTimeout(keeping);
  photos.set({ problem: null });
  try {
    const job = await photoApi.invert(photo.id, { model, layer: layer || null, seconds, start, fit });
    followed = job.id;
    say("The generator looks for your photo.");
    await poll();
  } catch (error) {
    photos.set({ problem: problemOf(error) });
  }
}

/** The job of the inversion that is watched. */
let followed = "";

/** Ask how far the inversion is; what has ended is shown. */
export async function poll(): Promise<void> {
  const before = photos.get().photo;
  if (!before) return;
  try {
    const photo = await photoApi.one(before.id);
    if (photos.get().photo?.id !== photo.id) return;
    take(photo);
    if (photo.running) followed = photo.running.job || followed;
    if (photo.state === "inverting" || followed === "") return;
    const job = followed;
    followed = "";
    void reload();
    if (photo.inversion) {
      photos.set({ view: "result" });
      say(`The generator draws your photo with ${photo.inversion.psnr.toFixed(1)} decibels.`);
      await paintOn(photo, photos.get().models);
    } else await explain(job);
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 0)) complain(problemOf(error));
  }
}

/** Why an inversion left nothing. */
async function explain(id: string): Promise<void> {
  const job = await api.job(id).catch(() => null);
  if (job?.state === "failed" && job.error) photos.set({ problem: job.error });
  else if (job?.state === "cancelled") say("The inversion was given up.");
}

export async function stopAndUse(): Promise<void> {
  const { photo } = photos.get();
  if (!photo?.running || photo.running.step === 0) return;
  try {
    take(await photoApi.stop(photo.id));
    say("Stopping; the best so far is kept.");
  } catch {
    await poll(); // it has ended by itself meanwhile
  }
}

/** Give the inversion up: nothing of it is kept. */
export async function giveUp(): Promise<void> {
  const job = photos.get().photo?.running?.job;
  if (!job) return;
  await api.cancelJob(job).catch((error: unknown) => complain(problemOf(error)));
  await poll();
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
