import { address, api, problemOf } from "../../api/client";
import { formatRoute } from "../../engine/route";
import { toLink } from "../../engine/share";
import { download } from "../../kit/download";
import type { Easel } from "../../kit/easel/easel";
import { complain, copy, toast } from "../../kit/messages";
import { easel, openPainting, openSeed, paint, painter } from "./session";

/** The painting's identifier once everything is kept; an untouched picture is kept now. */
export async function keptId({ paint, painter }: Easel): Promise<string | null> {
  const id = await painter.kept(true);
  const { save } = paint.get();
  if (save === "conflict")
    complain({
      title: "Not saved yet",
      detail: "This painting was changed in another tab.",
      hint: "Load it again first.",
    });
  else if (!id && save !== "failed")
    complain({
      title: "Not saved yet",
      detail: "The studio does not answer.",
      hint: "Try again when it is back.",
    });
  return id;
}

export async function exportPng(): Promise<void> {
  const id = await keptId(easel);
  if (!id) return;
  const { model, seed, classIndex } = paint.get();
  const inClass = classIndex === null ? "" : `-class-${classIndex}`;
  const name = `inscape-${model?.name ?? "picture"}-${seed}${inClass}.png`;
  if (await download(address.export(id), name))
    toast({ title: "PNG saved", detail: "The recipe is inside: drop it here to go on painting." });
}

export async function copyCommand(kind: "cli" | "python", on = easel): Promise<void> {
  const id = await keptId(on);
  if (!id) return;
  try {
    await copy((await api.command(id))[kind], kind === "cli" ? "Command line" : "Python");
  } catch (error) {
    complain(problemOf(error));
  }
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
    const restore = async () => {
      await api.restorePainting(id);
      await openPainting(id);
      after();
    };
    toast({
      title: "Painting deleted",
      action: {
        label: "Undo",
        run: () => void restore().catch((error: unknown) => complain(problemOf(error))),
      },
    });
  } catch (error) {
    complain(problemOf(error));
  }
}
