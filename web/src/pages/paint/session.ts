import { api, isMissing, type Painting, problemOf } from "../../api/client";
import { className } from "../../engine/classes";
import { Store } from "../../engine/store";
import { complain, go, modelNamed, say, toast } from "../../kit";
import { Easel } from "../../kit/easel";

/** What the page Paint works on. */
export const easel = new Easel();
export const { paint, look, painter } = easel;
export const dialogs = new Store<{ paintings: boolean }>({ paintings: false });
easel.reload = async () => {
  const { painting } = paint.get();
  if (painting) await openPainting(painting);
};

let opening = 0;

/** Something else is to be shown: tells later whether it still is. */
export function turn(): () => boolean {
  opening += 1;
  const mine = opening;
  return () => mine === opening;
}

/** Show the picture of a seed, with the painting that was made on it where there is one. */
export async function openSeed(seed: number, classIndex = paint.get().classIndex): Promise<void> {
  const { model } = paint.get();
  if (!model) return;
  const wanted = turn();
  await painter.settle();
  const list = await api.paintings().catch((error: unknown) => complain(problemOf(error)));
  if (!wanted()) return;
  const known = list?.paintings.find(
    (one) =>
      !one.photo &&
      !one.former &&
      one.model === model.name &&
      one.seed === seed &&
      (one.class_index ?? null) === classIndex,
  );
  const opened = known !== undefined && (await openPainting(known.id, wanted));
  if (!wanted()) return;
  if (paint.get().firstVisit) look.set({ compare: "off" });
  if (!opened) painter.open({ seed, classIndex, photo: null });
  say(classIndex === null ? `Picture ${seed}.` : `Picture ${seed} of ${className(model, classIndex)}.`);
}

/** Open a kept painting, where it is still wanted when it has come; false where it is gone. */
export async function openPainting(id: string, wanted = turn()): Promise<boolean> {
  try {
    await painter.settle();
    const painting = await api.painting(id);
    if (!painting.photo) await load(painting, wanted);
    else if (wanted()) go("photo", { photo: painting.photo });
    return true;
  } catch (error) {
    if (!wanted()) return true;
    if (!isMissing(error)) complain(problemOf(error));
    return false;
  }
}

async function load(painting: Painting, wanted: () => boolean): Promise<void> {
  if (!wanted()) return;
  if (painting.former) {
    complain({
      title: "A painting of a former version",
      detail: `Version ${painting.former} of ${painting.model} drew it, and another version is installed.`,
      hint: "My paintings has its picture, and paints it again.",
    });
    return;
  }
  const model = modelNamed(painting.model);
  if (!model)
    throw new Error(`The painting was made with the model ${painting.model}, which is not open here.`);
  if (model.name !== paint.get().model?.name) await easel.selectModel(model, "");
  const place = { seed: painting.seed, classIndex: painting.class_index ?? null, photo: null };
  if (wanted()) await easel.open(painting, place, wanted);
}

/** Paint a painting of a former version again, with the version that is installed. */
export async function paintAgain(id: string): Promise<void> {
  const wanted = turn();
  try {
    await painter.settle();
    await load(await api.paintAgain(id), wanted);
    if (wanted())
      toast({ title: "Painted again", detail: "The former one stays in My paintings with its picture." });
  } catch (error) {
    complain(problemOf(error));
  }
}

/** Bring a PNG or a recipe in, as a painting of its own. */
export async function importFile(file: Blob): Promise<void> {
  const wanted = turn();
  try {
    await load(await api.importPainting(file), wanted);
    if (wanted())
      toast({ title: "Painting opened", detail: "Its strokes can be changed, hidden and undone." });
  } catch (error) {
    complain(problemOf(error));
  }
}
