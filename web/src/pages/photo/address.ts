import { oneOf, type Query } from "../../engine/route";
import type { Address } from "../../kit";
import { closePhoto, openPhoto } from "./session";
import { photos, VIEWS } from "./state";
import { easel } from "./work";

/** Which photo, how far, and with which brush. */
export const address: Address = {
  stores: [photos, easel.paint],
  entries: ["photo"],
  write: () => {
    const { photo, view } = photos.get();
    const ready = photo?.state === "ready";
    const tools = Object.entries(easel.tools());
    const painting = ready && view === "paint";
    return {
      photo: photo?.id ?? "",
      view: ready ? view : "",
      ...Object.fromEntries(tools.map(([key, value]) => [key, painting ? value : ""])),
    };
  },
  follow,
};

async function follow(query: Query): Promise<void> {
  if (!query.photo) return closePhoto();
  const view = query.view ? oneOf(query.view, VIEWS, "result") : undefined;
  if (query.photo !== photos.get().photo?.id) return openPhoto(query.photo, view, query);
  if (view) photos.set({ view });
  await easel.applyTools(query);
}
