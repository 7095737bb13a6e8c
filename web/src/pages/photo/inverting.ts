import { photoApi } from "../../api/photos";
import { say } from "../../kit";
import { inversion, keepFit, watch } from "./session";
import { photos } from "./state";

/** Let the generator draw the photo. */
export async function invert(): Promise<void> {
  const { photo, fit, model, layer, seconds, start } = photos.get();
  if (photo?.state !== "new" || !fit || !model) return;
  photos.set({ problem: null });
  await watch(photo.id, async () => {
    await keepFit();
    const job = await photoApi.invert(photo.id, { model, layer: layer || null, seconds, start, fit });
    say("The inversion has started.");
    return job;
  });
}

export async function stopAndUse(): Promise<void> {
  const { photo } = photos.get();
  if (!photo?.running || photo.running.step === 0) return;
  try {
    const stopped = await photoApi.stop(photo.id);
    const { photo: now } = photos.get();
    if (now?.id !== photo.id || !now.running) return;
    photos.set({ photo: stopped });
    say("Stopping; the best so far is kept.");
  } catch {
    // It has ended by itself meanwhile, and what it came to is shown.
  }
}

/** Give the inversion up: nothing of it is kept. */
export const giveUp = (): Promise<void> => inversion.stop();
