/** What a key press tells; a KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export interface Shortcut {
  readonly action: string;
  readonly label: string;
  readonly group: "Paint" | "Photo" | "Rewrite" | "Look" | "History" | "Go";
  /** "Ctrl+Shift+z"; Ctrl also stands for the Mac's command key. The first one is shown. */
  readonly keys: readonly string[];
  /** Works while the key is held, and ends when it is let go. */
  readonly hold?: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { action: "draw", label: "Draw", group: "Paint", keys: ["b"] },
  { action: "remove", label: "Remove", group: "Paint", keys: ["e"] },
  { action: "swap", label: "Swap draw and remove", group: "Paint", keys: ["x"] },
  { action: "pick", label: "Take the appearance of a place", group: "Paint", keys: ["y"] },
  { action: "smaller", label: "Smaller brush", group: "Paint", keys: ["["] },
  { action: "larger", label: "Larger brush", group: "Paint", keys: ["]"] },
  { action: "weaker", label: "Weaker", group: "Paint", keys: ["-"] },
  { action: "stronger", label: "Stronger", group: "Paint", keys: ["=", "+"] },
  { action: "next-brush", label: "Next brush", group: "Paint", keys: ["."] },
  { action: "previous-brush", label: "Previous brush", group: "Paint", keys: [","] },
  { action: "abort", label: "Give up the stroke", group: "Paint", keys: ["Escape"] },
  { action: "choose-photo", label: "Choose a photo", group: "Photo", keys: ["Ctrl+o"] },
  { action: "stop-and-use", label: "Stop and use", group: "Photo", keys: ["u"] },
  { action: "keep", label: "Keep the photo under the brush", group: "Photo", keys: ["p"] },
  { action: "islands", label: "Drop and keep islands", group: "Photo", keys: ["d"] },
  { action: "influence", label: "What strokes influence, on and off", group: "Photo", keys: ["i"] },
  { action: "inversion", label: "The inversion, on and off", group: "Photo", keys: ["n"] },
  { action: "adapted", label: "The adapted picture, on and off", group: "Photo", keys: ["t"] },
  { action: "tool-context", label: "Mark the context", group: "Rewrite", keys: ["a"] },
  { action: "tool-copy", label: "Mark what is copied", group: "Rewrite", keys: ["s"] },
  { action: "tool-paste", label: "Paste", group: "Rewrite", keys: ["v"] },
  { action: "tool-protect", label: "Mark what must stay", group: "Rewrite", keys: ["f"] },
  { action: "execute", label: "Execute; invert a photo", group: "Rewrite", keys: ["Ctrl+Enter"] },
  { action: "matches", label: "Show matches", group: "Rewrite", keys: ["m"] },
  { action: "undo", label: "Undo", group: "History", keys: ["Ctrl+z"] },
  { action: "redo", label: "Redo", group: "History", keys: ["Ctrl+Shift+z", "Ctrl+y"] },
  { action: "reset", label: "Remove all strokes", group: "History", keys: ["Ctrl+Backspace"] },
  { action: "export", label: "Save as PNG", group: "History", keys: ["Ctrl+Shift+e"] },
  { action: "peek", label: "Show the original while held", group: "Look", keys: ["\\"], hold: true },
  { action: "original", label: "Original on and off", group: "Look", keys: ["o"] },
  { action: "compare", label: "Compare before and after", group: "Look", keys: ["c"] },
  { action: "mask", label: "Hide the mask while held", group: "Look", keys: ["h"], hold: true },
  { action: "grid", label: "Cells of the layer on and off", group: "Look", keys: ["g"] },
  { action: "fit", label: "Fit the picture", group: "Look", keys: ["0"] },
  { action: "zoom-in", label: "Zoom in", group: "Look", keys: ["z"] },
  { action: "zoom-out", label: "Zoom out", group: "Look", keys: ["Shift+z"] },
  { action: "hand", label: "Move the picture while held", group: "Look", keys: ["Space"], hold: true },
  { action: "next-picture", label: "Next picture", group: "Go", keys: ["j"] },
  { action: "previous-picture", label: "Previous picture", group: "Go", keys: ["k"] },
  { action: "shuffle", label: "Other pictures", group: "Go", keys: ["r"] },
  { action: "page-paint", label: "Paint", group: "Go", keys: ["1"] },
  { action: "page-photo", label: "Photo", group: "Go", keys: ["2"] },
  { action: "page-units", label: "Units", group: "Go", keys: ["3"] },
  { action: "page-rewrite", label: "Rewrite", group: "Go", keys: ["4"] },
  { action: "page-models", label: "Models", group: "Go", keys: ["5"] },
  { action: "find", label: "Find a unit, or pictures", group: "Go", keys: ["Ctrl+f", "/"] },
  { action: "help", label: "This list", group: "Go", keys: ["?"] },
];

/** Where each key sits on a keyboard whose letters are not Latin. */
const CODES: Readonly<Record<string, string>> = {
  "[": "BracketLeft",
  "]": "BracketRight",
  "\\": "Backslash",
  "-": "Minus",
  "=": "Equal",
  "/": "Slash",
  ".": "Period",
  ",": "Comma",
  "0": "Digit0",
  "1": "Digit1",
  "2": "Digit2",
  "3": "Digit3",
  "4": "Digit4",
  "5": "Digit5",
  Space: "Space",
};

interface Parsed {
  readonly key: string;
  readonly ctrl: boolean;
  readonly shift: boolean;
}

function parse(keys: string): Parsed {
  const parts = keys.endsWith("++") ? [...keys.slice(0, -2).split("+"), "+"] : keys.split("+");
  const key = keys === "+" ? "+" : (parts.at(-1) ?? "");
  return { key, ctrl: parts.includes("Ctrl"), shift: parts.includes("Shift") };
}

const isLetter = (key: string) => /^[a-z]$/.test(key);

function modifiersFit(wanted: Parsed, press: KeyPress): boolean {
  if (press.altKey && !press.ctrlKey) return press.key === wanted.key && !wanted.ctrl;
  if (wanted.ctrl !== (press.ctrlKey || press.metaKey)) return false;
  // Signs such as "?" need Shift on some keyboards and not on others: only letters and named keys are strict.
  const strict = isLetter(wanted.key) || wanted.key.length > 1;
  return !strict || wanted.shift === press.shiftKey;
}

function keyFits(wanted: Parsed, press: KeyPress): boolean {
  const key = press.key === " " ? "Space" : press.key;
  return key.toLowerCase() === wanted.key.toLowerCase();
}

function codeFits(wanted: Parsed, press: KeyPress): boolean {
  // A Latin letter or a plain sign was meant as what it says; the position is for other alphabets alone.
  if (/^[\x21-\x7e]$/.test(press.key)) return false;
  const code = isLetter(wanted.key) ? `Key${wanted.key.toUpperCase()}` : CODES[wanted.key];
  return code !== undefined && code === press.code;
}

/** The shortcut that a key press stands for: by what the key writes, else by where it sits. */
export function matchShortcut(press: KeyPress, table: readonly Shortcut[] = SHORTCUTS): Shortcut | null {
  for (const fits of [keyFits, codeFits]) {
    for (const shortcut of table) {
      const hit = shortcut.keys.some((keys) => {
        const wanted = parse(keys);
        return modifiersFit(wanted, press) && fits(wanted, press);
      });
      if (hit) return shortcut;
    }
  }
  return null;
}

/** How keys are written for people. */
export function shownKeys(keys: string, mac: boolean): string {
  const { key, ctrl, shift } = parse(keys);
  const names: Readonly<Record<string, string>> = { Escape: "Esc", Backspace: "⌫" };
  const shown = names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  if (mac) return `${shift ? "⇧" : ""}${ctrl ? "⌘" : ""}${shown}`;
  return [...(ctrl ? ["Ctrl"] : []), ...(shift ? ["Shift"] : []), shown].join("+");
}

export function keysOf(action: string, mac: boolean): string {
  const keys = SHORTCUTS.find((shortcut) => shortcut.action === action)?.keys[0];
  return keys === undefined ? "" : shownKeys(keys, mac);
}

/** Keys belong to text while one is typed. */
export function isTyping(
  target: { tagName?: string; type?: string; isContentEditable?: boolean } | null,
): boolean {
  if (!target) return false;
  if (target.isContentEditable) return true;
  const tag = target.tagName?.toUpperCase();
  if (tag === "TEXTAREA" || tag === "SELECT") return true;
  const untyped = ["range", "checkbox", "radio", "button", "submit", "reset", "color", "file"];
  return tag === "INPUT" && !untyped.includes(target.type ?? "text");
}
