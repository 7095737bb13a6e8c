import { type Action, isAble, isTyping, matchShortcut, shownKeys } from "../engine/shortcuts";
import { actionsOf, pageNow } from "./page";

export const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

const held = new Map<string, Action>();

const able = () => actionsOf(pageNow()).filter(isAble);

/** Do what a name says, where that can be done now. */
export function perform(name: string): void {
  able()
    .find((one) => one.name === name)
    ?.run(true);
}

/** Say why something cannot be done now. */
export const refuse = (name: string): unknown =>
  actionsOf(pageNow())
    .find((one) => one.name === name)
    ?.refuse?.();

/** The keys of an action as they are written for people; empty where it has none. */
export function keysOf(name: string): string {
  const keys = actionsOf(pageNow()).find((one) => one.name === name)?.keys[0];
  return keys === undefined ? "" : shownKeys(keys, isMac);
}

/** "Undo (Ctrl+Z)": what a control does and the key that does it. */
export function tip(label: string, action?: string): string {
  const keys = action ? keysOf(action) : "";
  return keys ? `${label} (${keys})` : label;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const action = matchShortcut(event, able()) ?? matchShortcut(event, actionsOf(pageNow()));
  const target = event.target as HTMLElement | null;
  if (!action || (!action.always && isTyping(target))) return;
  const control = target?.closest?.("button, a, summary, input, [role=slider]");
  if (control && (event.key === " " || event.key === "Enter")) return;
  event.preventDefault();
  if (action.hold && event.repeat) return;
  if (action.hold) held.set(event.code, action);
  if (isAble(action)) action.run(true);
  else action.refuse?.();
}

function letGo(code: string): void {
  const action = held.get(code);
  held.delete(code);
  action?.run(false);
}

/** Listen to the keyboard; what is held ends when the window loses it. */
export function startShortcuts(): void {
  window.addEventListener("keydown", onKeyDown);
  window.addEventListener("keyup", (event) => letGo(event.code));
  window.addEventListener("blur", () => [...held.keys()].forEach(letGo));
}
