import { address, api, type ModelInfo, type PhotoInfo, problemOf } from "../api/client";
import { historyFromWire } from "../api/wire";
import { complain, toast } from "../app/messages";
import { shapeOf } from "../engine/fit";
import { Easel } from "../paint/easel";
import { download, keptId } from "../paint/exporting";
import { gridsOf } from "../paint/session";

/** What the page Photo paints on. */
export const easel = new Easel();

easel.reload = async () => {
  const { photo } = easel.paint.get();
  if (!photo) return;
  const { painting } = easel.paint.get();
  if (painting) await openPainting(painting, photo);
};

let shown: PhotoInfo | null = null;

/** Make the easel ready for a photo: its model, its layers, what was painted on it, what the generator drew. */
export async function paintOn(photo: PhotoInfo, models: readonly ModelInfo[]): Promise<void> {
  const { inversion } = photo;
  const model = models.find((one) => one.name === inversion?.model);
  if (!inversion || !model) {
    throw new Error(`This photo was inverted with ${inversion?.model ?? "a model"}, which is not here.`);
  }
  if (shown?.id === photo.id && easel.paint.get().photo === photo.id) return;
  shown = photo;
  easel.paint.set({ models, picture: null, box: null, drawn: {} });
  easel.look.set({ compare: "off", view: { zoom: 1, x: 0, y: 0 } });
  await easel.selectModel(model, inversion.layer, inversion.layer);
  easel.connect();
  if (!(photo.painting && (await openPainting(photo.painting, photo.id)))) open(photo);
  await fetchDrawn(photo);
}

function open(photo: PhotoInfo): void {
  easel.painter.open({ seed: 0, classIndex: null, photo: photo.id }, null, null, shapeOf(photo, photo.fit));
}

async function openPainting(id: string, photo: string): Promise<boolean> {
  const { model } = easel.paint.get();
  try {
    const painting = await api.painting(id);
    if (!model || !shown || shown.id !== photo) return false;
    const saved = await historyFromWire(painting, gridsOf(model));
    const kept = { id: painting.id, revision: painting.revision };
    easel.painter.open({ seed: 0, classIndex: null, photo }, saved, kept, shapeOf(shown, shown.fit));
    return true;
  } catch (error) {
    complain(problemOf(error));
    return false;
  }
}

/** What the generator drew of the photo, for comparing. */
async function fetchDrawn(photo: PhotoInfo): Promise<void> {
  const there = photo.inversion?.stages.filter((one) => one.picture !== null).map((one) => one.stage) ?? [];
  const inversion = there.filter((stage) => stage !== "adapted").at(-1);
  const bitmap = async (stage: string | undefined) =>
    stage ? createImageBitmap(await api.blob(address.stage(photo.id, stage))) : undefined;
  const [features, adapted] = await Promise.all([
    bitmap(inversion),
    bitmap(there.find((stage) => stage === "adapted")),
  ]).catch(() => []);
  if (easel.paint.get().photo !== photo.id) return;
  easel.paint.set({ drawn: { ...(features ? { features } : {}), ...(adapted ? { adapted } : {}) } });
}

/** The name of a file made from a photo. */
const stem = (name: string): string => name.replace(/\.[^.]*$/, "") || "photo";

/** The finished picture, at the photo's own size. */
export async function exportPhoto(): Promise<void> {
  const id = await keptId(easel);
  if (!id || !shown) return;
  try {
    await download(address.export(id), `${stem(shown.name)}-painted.png`);
    const size = `${shown.width} × ${shown.height} pixels`;
    toast({ title: "PNG saved", detail: `${size}; outside the marked region every one is the photo's own.` });
  } catch (error) {
    complain(problemOf(error));
  }
}

/** The inversion as a file for the command line and Python. */
export async function exportInversion(): Promise<void> {
  if (!shown) return;
  try {
    await download(address.inversion(shown.id), `${stem(shown.name)}.inversion.safetensors`);
  } catch (error) {
    complain(problemOf(error));
  }
}
