import { api, isMissing, problemOf } from "../../api/client";
import { operationToWire } from "../../api/wire";
import type { Keep, Kept } from "../../engine/autosave";
import type { Operation } from "../../engine/history";
import type { Store } from "../../engine/store";
import { complain, copy, whyNotKept } from "..";
import type { Painter } from "./painter";
import type { Place } from "./ports";
import type { PaintState } from "./state";

/** What is painted, and what paints it. */
interface Work {
  readonly paint: Store<PaintState>;
  readonly painter: Painter;
}

/** The painting was deleted. */
class Gone extends Error {}

const gone = (error: unknown) => {
  throw isMissing(error) ? new Gone() : error;
};

/** Where a painting is kept: the studio's store. */
export function keep(model: string, { seed, classIndex, photo }: Place): Keep<Operation> {
  const place = { model, seed, class_index: classIndex, photo, name: "", truncation: 1 };
  const kept = ({ id, revision }: Kept): Kept => ({ id, revision });
  return {
    create: async (steps, cursor) =>
      kept(await api.createPainting({ ...place, operations: steps.map(operationToWire), cursor })),
    step: async ({ id, revision }, { keep, append, cursor }) => {
      try {
        return await api.stepPainting(id, { revision, keep, append: append.map(operationToWire), cursor });
      } catch (error) {
        if (isMissing(error)) await api.painting(id).catch(gone); // or it names what is not there
        throw error;
      }
    },
    reason: (error) => (error instanceof Gone ? "gone" : whyNotKept(error)),
  };
}

/** The painting's identifier once everything is kept; an untouched picture is kept now. */
export async function keptId({ paint, painter }: Work): Promise<string | null> {
  const id = await painter.kept(true);
  const { save } = paint.get();
  const title = "Not saved yet";
  if (save === "conflict")
    complain({ title, detail: "This painting was changed in another tab.", hint: "Load it again first." });
  else if (!id && save !== "failed")
    complain({ title, detail: "The studio does not answer.", hint: "Try again when it is back." });
  return id;
}

/** Copy what makes the same painting without the studio. */
export async function copyCommand(easel: Work, kind: "cli" | "python"): Promise<void> {
  const id = await keptId(easel);
  if (!id) return;
  try {
    await copy((await api.command(id))[kind], kind === "cli" ? "Command line" : "Python");
  } catch (error) {
    complain(problemOf(error));
  }
}
