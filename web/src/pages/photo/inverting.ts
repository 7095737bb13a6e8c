import { api, ProblemError, problemOf } from "../../api/client";
import { photoApi } from "../../api/photos";
import { complain, say } from "../../kit/messages";
import { keptElsewhere, photos, reload } from "./session";
import { paintOn } from "./work";

/** Let the generator draw the photo. */
export async function invert(): Promise<void> {
  const { photo, fit, model, layer, seconds, start } = photos.get();
  if (photo?.state !== "new" || !fit || !model) return;
  keptElsewhere();
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
    photos.set({ photo });
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
    photos.set({ photo: await photoApi.stop(photo.id) });
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
