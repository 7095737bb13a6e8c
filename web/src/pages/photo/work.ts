import { address, api, isMissing, type PhotoInfo } from "../../api/client";
import { shapeOf } from "../../engine/fit";
import type { Query } from "../../engine/route";
import { FITTED } from "../../engine/view";
import { download, modelNamed, toast } from "../../kit";
import { Easel, keptId } from "../../kit/easel";

/** What the page Photo paints on. */
export const easel = new Easel();

easel.reload = async () => {
  const { photo, painting } = easel.paint.get();
  if (photo && painting) await openPainting(painting, photo);
};

let shown: PhotoInfo | null = null;

/**
 * Make the easel ready for a photo: its model, its layers, the brush that `tools` ask for, what was painted on it, what
 * the generator drew.
 */
export async function paintOn(photo: PhotoInfo, tools: Query = {}): Promise<void> {
  const { inversion } = photo;
  const model = modelNamed(inversion?.model);
  if (!inversion || !model) {
    throw new Error(`This photo was inverted with ${inversion?.model ?? "a model"}, which is not open here.`);
  }
  if (shown?.id === photo.id && easel.paint.get().photo === photo.id) return easel.applyTools(tools);
  shown = photo;
  await easel.painter.settle();
  if (shown !== photo) return;
  easel.painter.leave();
  easel.paint.set({ drawn: {} });
  easel.look.set({ compare: "off", view: FITTED });
  const { layer } = inversion;
  await easel.applyTools(tools, () => easel.selectModel(model, tools.layer || layer, layer));
  if (shown !== photo) return;
  easel.connect();
  if (!photo.painting) open(photo);
  else await openPainting(photo.painting, photo.id);
  if (shown === photo) void fetchDrawn(photo);
}

function open(photo: PhotoInfo): void {
  easel.painter.open({ seed: 0, classIndex: null, photo: photo.id }, null, null, shapeOf(photo, photo.fit));
}

/** Go on with a kept painting; with an empty one where it was deleted. */
async function openPainting(id: string, photo: string): Promise<void> {
  const mine = shown;
  try {
    const painting = await api.painting(id);
    if (!mine || shown !== mine) return;
    const wanted = () => shown === mine;
    await easel.open(painting, { seed: 0, classIndex: null, photo }, wanted, shapeOf(mine, mine.fit));
  } catch (error) {
    if (shown !== mine) return;
    if (mine && isMissing(error)) open(mine);
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
  toast({ title: "PNG saved", detail: `${size}; outside the influence, every pixel is the photo's own.` });
}

/** The inversion as a file for the command line and Python. */
export async function exportInversion(): Promise<void> {
  if (shown) await download(address.inversion(shown.id), `${stem(shown.name)}.inversion.safetensors`);
}
