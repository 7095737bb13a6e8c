import { type GestureHandlers, Gestures, type Touch } from "../engine/gestures";

interface Options {
  /** Whether this press moves the picture instead of painting on it; without it only the main button counts. */
  readonly pans?: (event: PointerEvent) => boolean;
  readonly onDown?: (event: PointerEvent) => void;
  readonly onHover?: (touch: Touch) => void;
  readonly onUp?: () => void;
}

/** Tell gestures apart on an element, by pointer, pen and fingers. Returns how to give one up, and how to stop. */
export function startPointing(
  element: HTMLElement,
  handlers: GestureHandlers,
  { pans, onDown, onHover, onUp }: Options = {},
): { abort: () => boolean; stop: () => void } {
  const gestures = new Gestures(handlers);
  const controller = new AbortController();
  const touchOf = (event: PointerEvent): Touch => {
    const box = element.getBoundingClientRect();
    const { pointerId: id, pointerType: kind, pressure, timeStamp: time } = event;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return { id, kind, pressure, time, pans: pans?.(event) ?? false, x, y };
  };
  const listen = (name: "down" | "move" | "up" | "cancel", react: (event: PointerEvent) => void) =>
    element.addEventListener(`pointer${name}`, react, { signal: controller.signal });
  listen("down", (event) => {
    if (event.button > (pans ? 1 : 0)) return;
    element.setPointerCapture(event.pointerId);
    onDown?.(event);
    gestures.press(touchOf(event));
  });
  listen("move", (event) => {
    if (event.pointerType !== "touch") onHover?.(touchOf(event));
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length > 0 ? parts : [event]) gestures.move(touchOf(part));
  });
  listen("up", (event) => {
    gestures.release(touchOf(event));
    onUp?.();
  });
  listen("cancel", (event) => {
    gestures.cancel(event.pointerId);
    onUp?.();
  });
  return { abort: () => gestures.abort(), stop: () => controller.abort() };
}

/** Turn the wheel into zoom factors around a place. Returns how to stop. */
export function startWheel(
  element: HTMLElement,
  zoom: (factor: number, x: number, y: number, event: WheelEvent) => void,
): () => void {
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const box = element.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
    zoom(factor, event.clientX - box.left, event.clientY - box.top, event);
  };
  element.addEventListener("wheel", wheel, { passive: false });
  return () => element.removeEventListener("wheel", wheel);
}
