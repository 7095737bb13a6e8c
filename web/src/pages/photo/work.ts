import { address, api, type ModelInfo, type PhotoInfo, ProblemError, problemOf } from "../../api/client";
import { historyFromWire } from "../../api/wire";
import { shapeOf } from "../../engine/fit";
import { download } from "../../kit/download";
import { Easel } from "../../kit/easel/easel";
import { complain, toast } from "../../kit/messages";
import { keptId } from "../paint/exporting";
import { gridsOf } from "../paint/session";

/** What the page Photo paints on. */
export const easel = new Easel();

easel.reload = async () => {
  const { photo } = easel.paint.get();
  if (!photo) return;
  const { painting } = easel.paint.get();
  if (painting) await openPainting(painting, photo).catch((error: unknown) => complain(problemOf(error)));
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
  await easel.painter.settle();
  easel.paint.set({ models, picture: null, box: null, drawn: {} });
  easel.look.set({ compare: "off", view: { zoom: 1, x: 0, y: 0 } });
  await easel.selectModel(model, inversion.layer, inversion.layer);
  if (shown !== photo) return;
  easel.connect();
  if (!photo.painting) open(photo);
  else await openPainting(photo.painting, photo.id);
  if (shown === photo) await fetchDrawn(photo);
}

function open(photo: PhotoInfo): void {
  easel.painter.open({ seed: 0, classIndex: null, photo: photo.id }, null, null, shapeOf(photo, photo.fit));
}

/** Go on with a kept painting; with an empty one where it was deleted. */
async function openPainting(id: string, photo: string): Promise<void> {
  const { model } = easel.paint.get();
  const mine = shown;
  try {
    const painting = await api.painting(id);
    const saved = model && (await historyFromWire(painting, gridsOf(model)));
    if (!saved || !mine || shown !== mine) return;
    const kept = { id: painting.id, revision: painting.revision };
    easel.painter.open({ seed: 0, classIndex: null, photo }, saved, kept, shapeOf(mine, mine.fit));
  } catch (error) {
    if (shown !== mine) return;
    if (mine && error instanceof ProblemError && error.status === 404) open(mine);
    else {
      shown = null;
      throw error;
    }
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
  if (!(await download(address.export(id), `${stem(shown.name)}-painted.png`))) return;
  const size = `${shown.width} × ${shown.height} pixels`;
  toast({ title: "PNG saved", detail: `${size}; outside the marked region every one is the photo's own.` });
}

/** The inversion as a file for the command line and Python. */
export async function exportInversion(): Promise<void> {
  if (shown) await download(address.inversion(shown.id), `${stem(shown.name)}.inversion.safetensors`);
}
