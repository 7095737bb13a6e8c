import { useEffect } from "preact/hooks";
import { resized, SCALES } from "../../engine/clip";
import { shuffle } from "../../engine/seeds";
import { provide } from "../../kit/actions";
import { clearDraft, execute, search, setSeeds } from "./actions";
import { isActive, stop } from "./follow";
import { abort } from "./marking";
import { rewrite, sizes, tools } from "./state";
import { apply, redo, undo } from "./work";

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

function resize(by: number): void {
  apply((state) => {
    const last = state.pastes.at(-1);
    if (!last) return state;
    const scale = clamp(last.scale + by, SCALES.smallest, SCALES.largest);
    return { ...state, pastes: state.pastes.with(-1, { ...last, ...resized(last, scale) }) };
  }, "scale");
}

const thicker = (by: number) =>
  tools.set({ diameter: clamp(tools.get().diameter + by, sizes.smallest, sizes.largest) });

/** Go to the picture before or after the one that has the focus. */
function step(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>(".wall .tile canvas")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  all[at < 0 ? 0 : (at + by + all.length) % all.length]?.focus();
}

function give(): void {
  if (abort()) return;
  for (const kind of ["rule", "search", "audit", "advice"] as const) {
    if (isActive(rewrite.get().jobs[kind])) {
      void stop(kind);
      return;
    }
  }
  tools.set({ original: false });
}

function others(): void {
  const { seeds } = rewrite.get();
  const start = shuffle(Math.random, seeds.length || 16, seeds[0] ?? 0);
  setSeeds(Array.from({ length: seeds.length || 16 }, (_, index) => start + index));
}

/** What the keys do while the page Rewrite is shown. */
export function useRewriteActions(): void {
  useEffect(
    () =>
      provide({
        "tool-context": () => tools.set({ tool: "context" }),
        "tool-copy": () => tools.set({ tool: "copy" }),
        "tool-paste": () => tools.set({ tool: "paste" }),
        "tool-protect": () => tools.set({ tool: "protect" }),
        draw: () => tools.set({ erasing: false }),
        remove: () => tools.set({ erasing: !tools.get().erasing }),
        swap: () => tools.set({ erasing: !tools.get().erasing }),
        smaller: () => thicker(-1),
        larger: () => thicker(1),
        weaker: () => resize(-0.1),
        stronger: () => resize(0.1),
        execute: () => void execute(),
        matches: () => {
          const { marks, jobs } = rewrite.get();
          if (marks) rewrite.set({ marks: null });
          else if (!isActive(jobs.search)) void search("wall", tools.get().among);
        },
        abort: give,
        undo,
        redo,
        reset: clearDraft,
        peek: (pressed) => tools.set({ peek: pressed }),
        original: () => tools.set({ original: !tools.get().original }),
        mask: (pressed) => tools.set({ hideMasks: pressed }),
        "next-picture": () => step(1),
        "previous-picture": () => step(-1),
        shuffle: others,
        find: () => document.getElementById("wall-seeds")?.focus(),
      }),
    [],
  );
}
