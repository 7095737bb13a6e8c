import type { PaintState } from "./state";

/** Why what a person did has no effect, and what to do first. */
export interface Lack {
  readonly title: string;
  readonly detail: string;
}

export const BESIDE: Lack = {
  title: "This stroke lies beside the picture",
  detail: "Begin on the picture.",
};

export const NO_ISLAND: Lack = {
  title: "Nothing changes here",
  detail: "Click inside an outlined island.",
};

/** What is missing for a press on the picture to do something; null where it does. */
export function lackOf(state: PaintState, isOpen: boolean): Lack | null {
  const { mode, brush, brushes, picking, strength, influence } = state;
  if (!isOpen) return { title: "The picture is not there yet", detail: "Paint once it is drawn." };
  if (picking || mode === "keep") return null;
  if (mode === "drop")
    return influence && influence.islands.length > 0
      ? null
      : {
          title: "There are no islands yet",
          detail: "Draw on the photo first. What a stroke changes beyond itself becomes an island.",
        };
  if (!brush)
    return {
      title: "No brush is chosen",
      detail:
        brushes.length > 0
          ? "Choose one in the list, then drag on the picture."
          : "This layer has no brushes yet. Dissect it, or type units under More.",
    };
  if (strength === 0)
    return { title: "The strength is 0", detail: "A stroke would change nothing. Raise the strength first." };
  return null;
}
