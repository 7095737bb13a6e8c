// Before anything is drawn: the colours that were chosen, as `src/kit/theme.ts` keeps them.
(() => {
  let theme = "system";
  try {
    theme = localStorage.getItem("inscape-theme") ?? theme;
  } catch {
    // Private windows may refuse to remember.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const known = theme === "light" || theme === "dark";
  document.documentElement.dataset.theme = known ? theme : dark ? "dark" : "light";
})();
