import { describe, expect, test } from "vitest";
import {
  isTyping,
  type KeyPress,
  keysOf,
  matchShortcut,
  SHORTCUTS,
  shownKeys,
} from "../src/engine/shortcuts";

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...change,
});
const action = (key: string, change?: Partial<KeyPress>) => matchShortcut(press(key, change))?.action;

describe("keys", () => {
  test("undo and redo as people know them", () => {
    expect(action("z", { ctrlKey: true })).toBe("undo");
    expect(action("z", { metaKey: true })).toBe("undo");
    expect(action("Z", { ctrlKey: true, shiftKey: true })).toBe("redo");
    expect(action("y", { ctrlKey: true })).toBe("redo");
  });

  test("brushes, sizes and looking", () => {
    expect([action("b"), action("e"), action("x")]).toEqual(["draw", "remove", "swap"]);
    expect([action("["), action("]")]).toEqual(["smaller", "larger"]);
    expect([action("\\"), action("o"), action("0"), action(" ")]).toEqual([
      "peek",
      "original",
      "fit",
      "hand",
    ]);
  });

  test("help needs Shift on some keyboards and not on others", () => {
    expect(action("?", { shiftKey: true })).toBe("help");
    expect(action("?")).toBe("help");
  });

  test("letters with Ctrl belong to the browser unless they are ours", () => {
    expect(action("b", { ctrlKey: true })).toBeUndefined();
    expect(action("r", { ctrlKey: true })).toBeUndefined();
  });

  test("capital letters are not small ones", () => {
    expect(action("B", { shiftKey: true })).toBeUndefined();
  });

  test("a Cyrillic keyboard is read by where its keys sit", () => {
    expect(action("я", { code: "KeyZ", ctrlKey: true })).toBe("undo");
    expect(action("и", { code: "KeyB" })).toBe("draw");
    expect(action("х", { code: "BracketLeft" })).toBe("smaller");
  });

  test("a French keyboard is read by what its keys write", () => {
    expect(action("w", { code: "KeyZ", ctrlKey: true })).toBeUndefined();
    expect(action("z", { code: "KeyW", ctrlKey: true })).toBe("undo");
  });

  test("a German keyboard writes brackets with AltGr", () => {
    expect(action("[", { code: "Digit8", altKey: true, ctrlKey: false })).toBe("smaller");
  });

  test("an unknown key does nothing", () => {
    expect(matchShortcut(press("F7"))).toBeNull();
  });
});

test("no two actions share a key", () => {
  const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test("every shown shortcut is found again by pressing it", () => {
  for (const { action: name, keys } of SHORTCUTS) {
    const parts = (keys[0] ?? "").split("+");
    const key = parts.at(-1) ?? "";
    const found = action(key === "Space" ? " " : key, {
      ctrlKey: parts.includes("Ctrl"),
      shiftKey: parts.includes("Shift"),
    });
    expect(found).toBe(name);
  }
});

test("keys are written as each system writes them", () => {
  expect(shownKeys("Ctrl+Shift+z", false)).toBe("Ctrl+Shift+Z");
  expect(shownKeys("Ctrl+Shift+z", true)).toBe("⇧⌘Z");
  expect(keysOf("undo", false)).toBe("Ctrl+Z");
  expect(keysOf("nothing", false)).toBe("");
});

test("keys belong to text while one is typed, not to sliders and buttons", () => {
  expect(isTyping({ tagName: "INPUT", type: "text" })).toBe(true);
  expect(isTyping({ tagName: "INPUT", type: "search" })).toBe(true);
  expect(isTyping({ tagName: "TEXTAREA" })).toBe(true);
  expect(isTyping({ tagName: "INPUT", type: "range" })).toBe(false);
  expect(isTyping({ tagName: "BUTTON" })).toBe(false);
  expect(isTyping(null)).toBe(false);
});
