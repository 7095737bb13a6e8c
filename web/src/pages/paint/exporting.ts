import { address, api, problemOf } from "../../api/client";
import { formatRoute } from "../../engine/route";
import { toLink } from "../../engine/share";
import { complain, copy, download, offerUndo, toast } from "../../kit";
import { keptId } from "../../kit/easel";
import { easel, openPainting, openSeed, paint, painter } from "./session";

/** Sizes of an export beside the picture's own: so many times as wide and high. */
export const LARGER = [2, 4] as const;

export async function exportPng(scale = 1): Promise<void> {
  const id = await keptId(easel);
  if (!id) return;
  const { model, seed, classIndex } = paint.get();
  const inClass = classIndex === null ? "" : `-class-${classIndex}`;
  const name = `inscape-${model?.name ?? "picture"}-${seed}${inClass}${scale === 1 ? "" : `-${scale}x`}.png`;
  if (await download(address.export(id, scale), name))
    toast({ title: "PNG saved", detail: "It holds the recipe. Drop it here to continue painting." });
}

/** A link that holds the strokes themselves: it works in any studio that has the model. */
export async function copyLink(): Promise<void> {
  const { model, seed, classIndex, layer, brush } = paint.get();
  const edits = await toLink(painter.history.strokes);
  const query = {
    model: model?.name ?? "",
    seed: String(seed),
    class: classIndex === null ? "" : String(classIndex),
    layer,
    brush: brush?.concept ?? "",
    edits,
  };
  const url = new URL(location.href);
  url.search = "";
  url.hash = formatRoute({ page: "paint", query });
  await copy(url.href, "Link");
}

/** Put a painting away; the toast brings it back. */
export async function deletePainting(id: string, after: () => void): Promise<void> {
  try {
    if (id === paint.get().painting) await painter.kept();
    await api.deletePainting(id);
    if (id === paint.get().painting) await openSeed(paint.get().seed);
    after();
    offerUndo("Painting deleted", async () => {
      await api.restorePainting(id);
      await openPainting(id);
      after();
    });
  } catch (error) {
    complain(problemOf(error));
  }
}
