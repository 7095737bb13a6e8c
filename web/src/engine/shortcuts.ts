import type { IconName } from "./icons";

/** What a key press tells; a KeyboardEvent is one. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** Something that can be done on a page: by a key, from the palette, by a button that names it. */
export interface Action {
  readonly name: string;
  readonly label: string;
  /** Its heading in the list of shortcuts: a page, or what several pages share. */
  readonly group: string;
  /** "Ctrl+Shift+z"; Ctrl also stands for the Mac's command key. The first one is shown. */
  readonly keys: readonly string[];
  /** Where it stands in a menu. */
  readonly icon?: IconName;
  /** Works while the key is held, and ends when it is let go. */
  readonly hold?: boolean;
  /** Its keys also work while somebody types. */
  readonly always?: boolean;
  /** Whether it can be done now; always, unless this says. */
  readonly able?: () => boolean;
  /** Says why not, where its key is pressed all the same. */
  readonly refuse?: () => unknown;
  readonly run: (pressed: boolean) => unknown;
}

type Known = Pick<Action, "label" | "group" | "keys" | "hold">;

/** What several pages offer, under the same keys. */
const SHARED = {
  draw: { label: "Draw", group: "Paint", keys: ["b"] },
  remove: { label: "Remove", group: "Paint", keys: ["e"] },
  swap: { label: "Swap draw and remove", group: "Paint", keys: ["x"] },
  smaller: { label: "Smaller brush", group: "Paint", keys: ["["] },
  larger: { label: "Larger brush", group: "Paint", keys: ["]"] },
  weaker: { label: "Weaker", group: "Paint", keys: ["-"] },
  stronger: { label: "Stronger", group: "Paint", keys: ["=", "+"] },
  abort: { label: "Cancel the stroke", group: "Paint", keys: ["Escape"] },
  execute: { label: "Execute the rule", group: "Rewrite", keys: ["Ctrl+Enter"] },
  undo: { label: "Undo", group: "History", keys: ["Ctrl+z"] },
  redo: { label: "Redo", group: "History", keys: ["Ctrl+Shift+z", "Ctrl+y"] },
  reset: { label: "Remove all strokes", group: "History", keys: ["Ctrl+Backspace"] },
  export: { label: "Save as PNG", group: "History", keys: ["Ctrl+Shift+e"] },
  peek: { label: "Show the original while held", group: "Look", keys: ["\\"], hold: true },
  original: { label: "Show or hide the original", group: "Look", keys: ["o"] },
  mask: { label: "Hide the mask while held", group: "Look", keys: ["h"], hold: true },
  "next-picture": { label: "Next picture", group: "Go", keys: ["j"] },
  "previous-picture": { label: "Previous picture", group: "Go", keys: ["k"] },
  shuffle: { label: "Other pictures", group: "Go", keys: ["r"] },
  find: { label: "Find", group: "Go", keys: ["Ctrl+f", "/"] },
} satisfies Readonly<Record<string, Known>>;

/** An action that several pages offer; a page may say when it is possible, and call it by a name of its own. */
export const shared = (
  name: keyof typeof SHARED,
  run: Action["run"],
  own: Partial<Pick<Action, "label" | "group" | "able" | "refuse">> = {},
): Action => ({ ...SHARED[name], name, run, ...own });

/** An action that one page offers, under one key or none. */
export const action = (
  group: string,
  name: string,
  label: string,
  key: string,
  run: Action["run"],
  more: Partial<Action> = {},
): Action => ({ name, label, group, keys: key ? [key] : [], run, ...more });

export const isAble = ({ able }: Action): boolean => able?.() ?? true;

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
  const code = isLetter(wanted.key)
    ? `Key${wanted.key.toUpperCase()}`
    : /^\d$/.test(wanted.key)
      ? `Digit${wanted.key}`
      : CODES[wanted.key];
  return code !== undefined && code === press.code;
}

/** The action that a key press stands for: by what the key writes, else by where it sits. */
export function matchShortcut(press: KeyPress, actions: readonly Action[]): Action | null {
  for (const fits of [keyFits, codeFits]) {
    for (const action of actions) {
      const hit = action.keys.some((keys) => {
        const wanted = parse(keys);
        return modifiersFit(wanted, press) && fits(wanted, press);
      });
      if (hit) return action;
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

/** Actions with keys under their headings, those of pages first; what several pages offer is there once. */
export function grouped(actions: readonly Action[], pages: readonly string[]): [string, Action[]][] {
  const once = new Map(actions.filter((one) => one.keys.length > 0).map((one) => [one.label, one]));
  const names = new Set([...pages, ...[...once.values()].map((one) => one.group)]);
  return [...names].flatMap((name) => {
    const those = [...once.values()].filter((one) => one.group === name);
    return those.length > 0 ? [[name, those]] : [];
  });
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
