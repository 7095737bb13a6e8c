import type { Action } from "../../engine/shortcuts";
import { Store } from "../../engine/store";
import type { Page } from "../page";
import { go } from "../router";
import { nextTheme, setTheme } from "../theme";

/** What lies over the page. */
export const over = new Store<{ sheet: "" | "help" | "palette" }>({ sheet: "" });

/** What can be done on every page. */
export const common = (pages: readonly Page[]): Action[] => [
  ...pages.map(({ name, title: label, place }) => ({
    name: `page-${name}`,
    label,
    group: "Go",
    keys: place < 10 ? [`${place}`] : [],
    run: () => go(name),
  })),
  {
    name: "palette",
    label: "Command palette",
    group: "Go",
    keys: ["Ctrl+k"],
    always: true,
    run: () => over.set({ sheet: "palette" }),
  },
  {
    name: "help",
    label: "Keyboard and gestures",
    group: "Go",
    keys: ["?"],
    run: () => over.set({ sheet: "help" }),
  },
  {
    name: "theme",
    label: "Change colours: light, dark, system",
    group: "Look",
    keys: [],
    run: () => setTheme(nextTheme()),
  },
];
