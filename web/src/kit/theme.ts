import { Store } from "../engine/store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "inscape-theme";
const dark = () => matchMedia("(prefers-color-scheme: dark)");

function remembered(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system";
  }
}

export const themeStore = new Store<{ theme: Theme }>({ theme: remembered() });

/** The one that comes after the present one. */
export const nextTheme = (): Theme =>
  THEMES[(THEMES.indexOf(themeStore.get().theme) + 1) % THEMES.length] ?? "system";

function apply(): void {
  const { theme } = themeStore.get();
  document.documentElement.dataset.theme = theme === "system" ? (dark().matches ? "dark" : "light") : theme;
}

export function setTheme(theme: Theme): void {
  themeStore.set({ theme });
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Private windows may refuse to remember; the choice holds for this visit.
  }
}

export function startTheme(): void {
  apply();
  themeStore.subscribe(apply);
  dark().addEventListener("change", apply);
}
