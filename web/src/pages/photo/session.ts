import { api, type JobInfo, problemOf } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import { photoApi } from "../../api/photos";
import { type Fit, type FitMode, fitIn } from "../../engine/fit";
import type { Query } from "../../engine/route";
import {
  complain,
  Follower,
  loadModels,
  offerUndo,
  paintable,
  say,
  studioModels,
  toast,
  tooLarge,
} from "../../kit";
import { type PhotoView, photos } from "./state";
import { paintOn } from "./work";

let started: Promise<unknown> | null = null;

/** The models and the photos, once. */
export function start(): Promise<unknown> {
  started ??= load().catch((error: unknown) => {
    started = null;
    photos.set({ problem: problemOf(error) });
  });
  return started;
}

async function load(): Promise<void> {
  await Promise.all([loadModels(), reload()]);
  const first =
    paintable().find(({ name }) => name === studioModels.get().info?.default_model) ?? paintable()[0];
  photos.set({ model: photos.get().model || (first?.name ?? "") });
}

let listing = 0;

/** The list of photos again; of several answers the one that was asked for last counts. */
export async function reload(): Promise<void> {
  listing += 1;
  const mine = listing;
  const { photos: list, largest } = await photoApi.all();
  if (mine === listing) photos.set({ photos: list, largest });
}

let opening = 0;

/** Show a photo, as it was left or as the address has it, unless something else is asked for meanwhile. */
export async function openPhoto(id: string, view?: PhotoView, tools: Query = {}): Promise<void> {
  opening += 1;
  const mine = opening;
  try {
    await Promise.all([start(), keepFit()]);
    const photo = await photoApi.one(id);
    if (mine !== opening) return;
    const { model, seconds } = photos.get();
    const asked = paintable().find((one) => one.name === photo.asked?.model);
    photos.set({
      photo,
      fit: photo.fit,
      model: asked?.name ?? model,
      layer: asked ? (photo.asked?.layer ?? "") : "",
      seconds: photo.asked?.seconds ?? seconds,
      start: photo.asked?.start ?? DEFAULTS.InversionRequest.start,
      view: view ?? (photo.painting ? "paint" : "result"),
      problem: null,
    });
    if (photo.inversion) await paintOn(photo, tools);
    else if (photo.running) void watch(id, () => api.job(photo.running?.job ?? ""));
  } catch (error) {
    if (mine !== opening) return;
    closePhoto();
    complain(problemOf(error));
  }
}

export const inversion = new Follower();

/** Follow the inversion of a photo, and show what it comes to. */
export async function watch(id: string, begin: () => Promise<JobInfo>): Promise<void> {
  const isHere = () => photos.get().photo?.id === id;
  photos.set({ view: "result" }); // first: the photo is here before its job has ended, and one may go on to paint
  const job = await inversion.follow(begin, async () => {
    const photo = await photoApi.one(id);
    if (isHere()) photos.set({ photo });
  });
  void reload().catch(() => undefined);
  const { photo } = photos.get();
  const { problem } = inversion.store.get();
  if (!isHere()) return;
  if (problem) photos.set({ problem });
  else if (job?.state === "cancelled") say("The inversion was cancelled.");
  else if (job && photo?.inversion) {
    say(`The generator draws your photo at ${photo.inversion.psnr.toFixed(1)} dB.`);
    await paintOn(photo).catch((error: unknown) => complain(problemOf(error)));
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
  const problem = tooLarge(file, largest, "Save it smaller, or as a JPEG.");
  if (problem) {
    photos.set({ problem });
    return;
  }
  photos.set({ sending: name, problem: null });
  const before = opening;
  try {
    const photo = await photoApi.bring(file, name);
    say(`${name} is here. Choose the square.`);
    if (before === opening) await openPhoto(photo.id);
    void reload();
  } catch (error) {
    if (before === opening) closePhoto();
    photos.set({ problem: problemOf(error) });
  } finally {
    photos.set({ sending: "" });
  }
}

let unkept: { readonly id: string; readonly fit: Fit; readonly timer: number } | null = null;
let keeping: Promise<unknown> = Promise.resolve();

/** Keep the square that was chosen now; one after another, so that the last one stays. */
export function keepFit(): Promise<unknown> {
  const now = unkept;
  unkept = null;
  if (!now) return keeping;
  clearTimeout(now.timer);
  keeping = keeping
    .then(() => photoApi.fit(now.id, now.fit))
    .catch((error: unknown) => complain(problemOf(error)));
  return keeping;
}

/** Choose the square; it is kept a moment later. */
export function chooseFit(fit: Fit): void {
  const { photo } = photos.get();
  if (photo?.state !== "new") return;
  photos.set({ fit });
  if (unkept?.id === photo.id) clearTimeout(unkept.timer);
  else void keepFit();
  unkept = { id: photo.id, fit, timer: window.setTimeout(() => void keepFit(), 300) };
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
    toast({ title: "A new copy of the photo", detail: "Your earlier work is kept." });
  } catch (error) {
    complain(problemOf(error));
  }
}

/** Put a photo away, with what was painted on it; the toast brings it back. */
export async function removePhoto(id: string): Promise<void> {
  try {
    await photoApi.remove(id);
    if (photos.get().photo?.id === id) closePhoto();
    await reload();
    offerUndo("Photo deleted", async () => {
      await photoApi.restore(id);
      await reload();
      await openPhoto(id);
    });
  } catch (error) {
    complain(problemOf(error));
  }
}
