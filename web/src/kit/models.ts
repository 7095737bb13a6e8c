import { useEffect } from "preact/hooks";
import { api, type ModelInfo, type Problem, problemOf, type StudioInfo } from "../api/client";
import { Store } from "../engine/store";
import { useStore } from "./hooks";

/** The models that are here, and what the studio says of itself; every page reads the same. */
export const studioModels = new Store<{
  info: StudioInfo | null;
  models: readonly ModelInfo[];
  problem: Problem | null;
}>({ info: null, models: [], problem: null });

let loading: Promise<void> | null = null;

/** What is here now: asked once, and again where that failed or `again` says so. The newest answer counts. */
export function loadModels(again = false): Promise<void> {
  if (!loading || again) loading = load();
  return loading;
}

async function load(): Promise<void> {
  await null; // until `loading` is this
  const mine = loading;
  try {
    const [info, { models }] = await Promise.all([api.studio(), api.models()]);
    if (loading === mine) studioModels.set({ info, models, problem: null });
  } catch (error) {
    if (loading === mine) {
      loading = null;
      studioModels.set({ problem: problemOf(error) });
      throw error;
    }
  }
  if (loading !== mine) await loadModels(); // asked again meanwhile
}

/** The models that can be painted with. */
export const paintable = (): ModelInfo[] => studioModels.get().models.filter((model) => model.paintable);

export const modelNamed = (name: string | undefined): ModelInfo | undefined =>
  studioModels.get().models.find((model) => model.name === name);

/** What is here, asked again when a page that shows it comes. */
export function useModels() {
  const reload = () => void loadModels(true).catch(() => undefined);
  useEffect(reload, []);
  const { info, models, problem } = useStore(studioModels);
  return { info, models, problem, reload };
}
