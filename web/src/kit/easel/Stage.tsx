import { useEffect, useRef } from "preact/hooks";
import { centre, cursorPoint, moveCursor, spoken } from "../../engine/cursor";
import { Gestures, type Touch } from "../../engine/gestures";
import { pressedDiameter } from "../../engine/mask";
import { limits } from "../../engine/stroke";
import { pan, pinch, toPicture, zoomAt } from "../../engine/view";
import { perform } from "../actions";
import { useStore } from "../hooks";
import { say } from "../messages";
import { type Easel, useEasel } from "./easel";
import { type Colours, render } from "./renderer";
import { gridSize, type PaintState } from "./state";
import { timings } from "./timings";

const sizeOf = (canvas: HTMLCanvasElement) => ({ width: canvas.clientWidth, height: canvas.clientHeight });

function coloursOf(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  return { cursor: style.getPropertyValue("--accent"), grid: style.getPropertyValue("--canvas-grid") };
}

/** Keep the canvas as the stores say. Returns how to stop. */
function startRendering({ paint, look, painter }: Easel, canvas: HTMLCanvasElement): () => void {
  const context = canvas.getContext("2d");
  let shown: ImageBitmap | null = null;
  let settled = false;
  let asked = 0;
  const fresh = ({ picture, final }: PaintState) =>
    picture !== shown || (picture !== null && final && !settled);
  const draw = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    if (!context) return;
    const scale = window.devicePixelRatio || 1;
    const size = sizeOf(canvas);
    const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const state = paint.get();
    render(context, size, scale, state, look.get(), coloursOf(canvas));
    if (!fresh(state)) return;
    shown = state.picture;
    settled = state.final;
    canvas.dataset.seq = String(state.seq);
    canvas.dataset.final = String(state.final);
    canvas.dataset.islands = state.influence?.islands
      .map((island) => `${island.number}${island.dropped.length > 0 ? "-" : ""}`)
      .join(" ");
    timings.painted();
  };
  const ask = () => {
    canvas.dataset.strokes = String(painter.history.strokes.length);
    // A new picture is drawn at once; everything else waits for the next frame.
    if (fresh(paint.get())) draw();
    else if (asked === 0) asked = requestAnimationFrame(draw);
  };
  const stops = [paint.subscribe(ask), look.subscribe(ask)];
  const watch = new ResizeObserver(() => draw());
  watch.observe(canvas);
  const themes = new MutationObserver(() => draw());
  themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    for (const stop of stops) stop();
    watch.disconnect();
    themes.disconnect();
    cancelAnimationFrame(asked);
  };
}

function startPointing(easel: Easel, canvas: HTMLCanvasElement): () => void {
  const { paint, look, painter } = easel;
  const place = (touch: Touch) =>
    toPicture(look.get().view, sizeOf(canvas), touch.x, touch.y, paint.get().shape);
  const flipWhile = flipper(easel);
  const diameter = (touch: Touch) => pressedDiameter(paint.get().diameter, touch.pressure, touch.kind);
  const setView = (view: ReturnType<typeof pan>) => look.set({ view });
  const gestures = new Gestures({
    begin: (touch) => painter.begin(place(touch), diameter(touch)),
    move: (touch) => painter.move(place(touch), diameter(touch)),
    end: () => painter.end(),
    abort: () => painter.abort(),
    pan: (dx, dy) => setView(pan(look.get().view, sizeOf(canvas), dx, dy)),
    pinch: (before, after) => setView(pinch(look.get().view, sizeOf(canvas), before, after)),
    tap: (fingers) => perform(fingers === 2 ? "undo" : "redo"),
  });
  const touchOf = (event: PointerEvent): Touch => {
    const box = canvas.getBoundingClientRect();
    const pans = event.button === 1 || look.get().hand;
    const { pointerId: id, pointerType: kind, pressure, timeStamp: time } = event;
    return { id, kind, pressure, time, pans, x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const down = (event: PointerEvent) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    look.set({ cursor: null });
    flipWhile(event.ctrlKey || event.metaKey);
    gestures.press(touchOf(event));
  };
  const move = (event: PointerEvent) => {
    const touch = touchOf(event);
    if (event.pointerType !== "touch") look.set({ hover: place(touch) });
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length > 0 ? parts : [event]) gestures.move(touchOf(part));
  };
  const up = (event: PointerEvent) => {
    gestures.release(touchOf(event));
    flipWhile(false);
  };
  const cancel = (event: PointerEvent) => {
    gestures.cancel(event.pointerId);
    flipWhile(false);
  };
  const leave = () => look.set({ hover: null });
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    if (event.ctrlKey && !event.deltaX && Math.abs(event.deltaY) >= 50) {
      perform(event.deltaY > 0 ? "smaller" : "larger");
      return;
    }
    const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015));
    setView(
      zoomAt(look.get().view, sizeOf(canvas), factor, event.clientX - box.left, event.clientY - box.top),
    );
  };
  const controller = new AbortController();
  const options = { signal: controller.signal };
  canvas.addEventListener("pointerdown", down, options);
  canvas.addEventListener("pointermove", move, options);
  canvas.addEventListener("pointerup", up, options);
  canvas.addEventListener("pointercancel", cancel, options);
  canvas.addEventListener("pointerleave", leave, options);
  canvas.addEventListener("wheel", wheel, { ...options, passive: false });
  easel.stopStroke = () => gestures.abort();
  return () => {
    easel.stopStroke = () => false;
    controller.abort();
  };
}

/** Ctrl held while the pointer goes down paints the other way round, for this stroke. */
function flipper({ paint }: Easel): (held: boolean) => void {
  let flipped = false;
  return (held) => {
    const { mode } = paint.get();
    if (held === flipped || limits(mode)) return;
    flipped = held;
    paint.set({ mode: mode === "draw" ? "remove" : "draw" });
  };
}

/** Keyboard painting: arrows move a cell, Enter and Space press the brush there. Without a cursor Space is the hand. */
function onKey({ paint, look, painter }: Easel, event: KeyboardEvent): void {
  const size = gridSize(paint.get());
  const cursor = look.get().cursor ?? centre(size);
  const next = event.ctrlKey || event.metaKey ? null : moveCursor(cursor, event.key, event.shiftKey, size);
  if (next) {
    event.preventDefault();
    look.set({ cursor: look.get().cursor ? next : cursor });
    say(spoken(look.get().cursor ?? next, size));
  } else if (event.key === "Enter" || (event.key === " " && look.get().cursor)) {
    event.preventDefault();
    look.set({ cursor });
    if (event.repeat) return;
    painter.begin(cursorPoint(cursor, size), paint.get().diameter);
    painter.end();
  }
}

/** The picture, and everything that happens on it. */
export function Stage() {
  const easel = useEasel();
  const { look } = easel;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { hand, compare } = useStore(look, "hand", "compare");
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const stops = [startRendering(easel, element), startPointing(easel, element)];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that takes keys of its own is an application
    <canvas
      ref={canvas}
      class={`stage-canvas ${hand ? "hand" : ""}`}
      data-testid="canvas"
      data-strokes="0"
      data-compare={compare}
      tabIndex={0}
      role="application"
      aria-label="Picture. Arrow keys move the brush, Space or Enter paints, Shift with arrows moves faster."
      onKeyDown={(event) => onKey(easel, event)}
      onBlur={() => look.set({ cursor: null })}
    />
  );
}
