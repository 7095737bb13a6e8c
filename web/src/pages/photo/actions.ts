import { useEffect } from "preact/hooks";
import { provide } from "../../kit/actions";
import { easelActions } from "../../kit/easel/actions";
import type { Compare } from "../../kit/easel/state";
import { giveUp, invert, stopAndUse } from "./inverting";
import { photos } from "./session";
import { stepOf } from "./state";
import { easel, exportPhoto } from "./work";

const toggle = (mode: Compare) =>
  easel.look.set({ compare: easel.look.get().compare === mode ? "off" : mode });

/** What the keys do while the page Photo is shown. */
export function usePhotoActions(choose: () => void): void {
  useEffect(() => {
    const actions = easelActions(easel);
    const painting = Object.entries(actions).map(([name, run]) => {
      const guarded = (pressed: boolean) => {
        if (stepOf(photos.get()) === "paint") run(pressed);
      };
      return [name, guarded] as const;
    });
    const abort = (pressed: boolean) => {
      if (stepOf(photos.get()) === "running") void giveUp();
      else actions.abort?.(pressed);
    };
    return provide({
      ...Object.fromEntries(painting),
      abort,
      "choose-photo": choose,
      execute: () => void invert(),
      "stop-and-use": () => void stopAndUse(),
      export: () => void exportPhoto(),
      keep: () => easel.paint.set({ mode: "keep" }),
      islands: () => easel.paint.set({ mode: "drop" }),
      influence: () => easel.look.set({ marked: !easel.look.get().marked }),
      inversion: () => toggle("features"),
      adapted: () => toggle("adapted"),
    });
  }, []);
}
