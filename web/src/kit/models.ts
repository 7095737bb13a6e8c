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

/** What is here now: asked once, and again where that failed or `again` says so. */
export function loadModels(again = false): Promise<void> {
  if (again) loading = null;
  loading ??= Promise.all([api.studio(), api.models()]).then(
    ([info, { models }]) => studioModels.set({ info, models, problem: null }),
    (error: unknown) => {
      loading = null;
      studioModels.set({ problem: problemOf(error) });
      throw error;
    },
  );
  return loading;
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
