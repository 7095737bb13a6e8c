import { isTyping, matchShortcut } from "../engine/shortcuts";

type Handler = (pressed: boolean) => void;

const handlers = new Map<string, Handler>();
const held = new Map<string, string>();

/** Say what an action does while a part of the page is there; returns how to take it back. */
export function provide(actions: Readonly<Record<string, Handler>>): () => void {
  for (const [action, handler] of Object.entries(actions)) handlers.set(action, handler);
  return () => {
    for (const [action, handler] of Object.entries(actions)) {
      if (handlers.get(action) === handler) handlers.delete(action);
    }
  };
}

export function perform(action: string): void {
  handlers.get(action)?.(true);
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || isTyping(event.target as HTMLElement | null)) return;
  if (document.querySelector("dialog[open]")) return;
  const shortcut = matchShortcut(event);
  const handler = shortcut && handlers.get(shortcut.action);
  if (!shortcut || !handler) return;
  const control = (event.target as HTMLElement | null)?.closest?.("button, a, summary, input, [role=slider]");
  if (control && (event.key === " " || event.key === "Enter")) return;
  event.preventDefault();
  if (shortcut.hold) {
    if (event.repeat) return;
    held.set(event.code, shortcut.action);
  }
  handler(true);
}

function onKeyUp(event: KeyboardEvent): void {
  const action = held.get(event.code);
  if (action === undefined) return;
  held.delete(event.code);
  handlers.get(action)?.(false);
}

function releaseAll(): void {
  for (const action of held.values()) handlers.get(action)?.(false);
  held.clear();
}

/** Listen to the keyboard; what is held ends when the window loses it. */
export function startShortcuts(): void {
  window.addEventListener("keydown", onKeyDown);
  window.addEventListener("keyup", onKeyUp);
  window.addEventListener("blur", releaseAll);
}
