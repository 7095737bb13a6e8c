import { describe, expect, test } from "vitest";
import { grouped, isAble, isTyping, type KeyPress, matchShortcut, shownKeys } from "../src/engine/shortcuts";
import type { Page } from "../src/kit/page";
import { common } from "../src/kit/shell/commands";

const pages = Object.values(
  import.meta.glob<Page>("../src/pages/*/page.ts", { eager: true, import: "page" }),
);
const everywhere = common(pages);
const actions = [...pages.flatMap((page) => page.actions ?? []), ...everywhere];

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...change,
});
const action = (key: string, change?: Partial<KeyPress>) => matchShortcut(press(key, change), actions)?.name;

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
    expect(matchShortcut(press("F7"), actions)).toBeNull();
  });
});

describe("the pages", () => {
  test("have names, titles and places of their own", () => {
    expect(pages.length).toBeGreaterThan(4);
    for (const key of ["name", "title", "place"] as const)
      expect(new Set(pages.map((page) => page[key])).size).toBe(pages.length);
  });

  test("give no key to two actions that could both be done", () => {
    for (const page of pages) {
      const keys = new Map<string, number>();
      const own = [...(page.actions ?? []), ...everywhere];
      for (const one of own.filter((each) => each.able === undefined))
        for (const key of one.keys) keys.set(key, (keys.get(key) ?? 0) + 1);
      expect([...keys].filter(([, count]) => count > 1)).toEqual([]);
    }
  });

  test("find every shown shortcut again when it is pressed", () => {
    for (const page of pages) {
      const own = [...(page.actions ?? []), ...everywhere];
      for (const { keys } of own.filter((one) => one.keys.length > 0)) {
        const parts = (keys[0] ?? "").split("+");
        const key = parts.at(-1) ?? "";
        const found = matchShortcut(
          press(key === "Space" ? " " : key, {
            ctrlKey: parts.includes("Ctrl"),
            shiftKey: parts.includes("Shift"),
          }),
          own,
        );
        expect(found?.keys[0]).toBe(keys[0]);
      }
    }
  });

  test("offer nothing at the start that needs work first", () => {
    const paint = pages.find((page) => page.name === "paint");
    const able = paint?.actions?.filter(isAble).map((one) => one.name) ?? [];
    expect(able).toContain("draw");
    for (const name of ["undo", "redo", "reset"]) expect(able).not.toContain(name);
  });
});

test("the list of shortcuts has each once, under the pages first", () => {
  const groups = grouped(
    actions,
    pages.map((page) => page.title),
  );
  const labels = groups.flatMap(([, list]) => list.map((one) => one.label));
  expect(new Set(labels).size).toBe(labels.length);
  expect(groups.map(([title]) => title)).toEqual(
    expect.arrayContaining(["Paint", "Photo", "Rewrite", "History", "Look", "Go"]),
  );
  expect(labels).toEqual(expect.arrayContaining(["Undo", "Command palette", "Clear context and goal"]));
});

test("keys are written as each system writes them", () => {
  expect(shownKeys("Ctrl+Shift+z", false)).toBe("Ctrl+Shift+Z");
  expect(shownKeys("Ctrl+Shift+z", true)).toBe("⇧⌘Z");
});

test("keys belong to text while one is typed, not to sliders and buttons", () => {
  expect(isTyping({ tagName: "INPUT", type: "text" })).toBe(true);
  expect(isTyping({ tagName: "INPUT", type: "search" })).toBe(true);
  expect(isTyping({ tagName: "TEXTAREA" })).toBe(true);
  expect(isTyping({ tagName: "INPUT", type: "range" })).toBe(false);
  expect(isTyping({ tagName: "BUTTON" })).toBe(false);
  expect(isTyping(null)).toBe(false);
});
