import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { centre, cursorPoint, moveCursor, spoken } from "../../engine/cursor";
import type { Touch } from "../../engine/gestures";
import { type Point, pressedDiameter } from "../../engine/mask";
import { limits } from "../../engine/stroke";
import { pan, pinch, toPicture, type View, zoomAt } from "../../engine/view";
import {
  Loading,
  onAppearance,
  perform,
  prepare,
  say,
  startPointing,
  startWheel,
  studioModels,
  useSize,
  useStore,
} from "..";
import { OriginalBeside, SplitHandle } from "./Compare";
import { type Easel, useEasel } from "./easel";
import { type Colours, comparedNow, render } from "./renderer";
import { gridSize, type PaintState } from "./state";
import { timings } from "./timings";

const sizeOf = (canvas: HTMLCanvasElement) => ({ width: canvas.clientWidth, height: canvas.clientHeight });

function coloursOf(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  return { cursor: style.getPropertyValue("--accent"), grid: style.getPropertyValue("--canvas-grid") };
}

/** Keep the canvas as the stores say. Returns how to stop. */
function startRendering({ paint, look, painter }: Easel, canvas: HTMLCanvasElement): () => void {
  let shown: ImageBitmap | null = null;
  let settled = false;
  let asked = 0;
  const fresh = ({ picture, final }: PaintState) =>
    picture !== shown || (picture !== null && final && !settled);
  const draw = () => {
    cancelAnimationFrame(asked);
    asked = 0;
    const context = prepare(canvas);
    if (!context) return;
    const state = paint.get();
    render(context, sizeOf(canvas), state, look.get(), coloursOf(canvas));
    canvas.dataset.compare = comparedNow(state, look.get());
    canvas.dataset.strokes = String(painter.history.strokes.length);
    canvas.dataset.final = String(painter.isShown);
    if (!fresh(state)) return;
    shown = state.picture;
    settled = state.final;
    canvas.dataset.seq = String(state.seq);
    canvas.dataset.islands = state.influence?.islands
      .map((island) => `${island.number}${island.dropped.length > 0 ? "-" : ""}`)
      .join(" ");
    timings.painted();
  };
  const ask = () => {
    canvas.dataset.strokes = String(painter.history.strokes.length);
    if (!painter.isShown) canvas.dataset.final = "false";
    // A new picture is drawn at once; everything else waits for the next frame.
    if (fresh(paint.get())) draw();
    else if (asked === 0) asked = requestAnimationFrame(draw);
  };
  const stops = [paint.subscribe(ask), look.subscribe(ask), onAppearance(canvas, draw)];
  return () => {
    for (const stop of stops) stop();
    cancelAnimationFrame(asked);
  };
}

/** Paint, pan and zoom by hand. Returns how to stop. */
function startHands(easel: Easel, canvas: HTMLCanvasElement): () => void {
  const { paint, look, painter } = easel;
  const place = (touch: Touch) =>
    toPicture(look.get().view, sizeOf(canvas), touch.x, touch.y, paint.get().shape);
  const flipWhile = flipper(easel);
  const diameter = (touch: Touch) => pressedDiameter(paint.get().diameter, touch.pressure, touch.kind);
  const setView = (view: View) => look.set({ view });
  const { abort, stop } = startPointing(
    canvas,
    {
      begin: (touch) => {
        reveal(easel, place(touch));
        painter.begin(place(touch), diameter(touch));
      },
      move: (touch) => painter.move(place(touch), diameter(touch)),
      end: () => painter.end(),
      abort: () => painter.abort(),
      pan: (dx, dy) => setView(pan(look.get().view, sizeOf(canvas), dx, dy)),
      pinch: (before, after) => setView(pinch(look.get().view, sizeOf(canvas), before, after)),
      tap: (fingers) => perform(fingers === 2 ? "undo" : "redo"),
    },
    {
      pans: (event) => event.button === 1 || look.get().hand,
      onDown: (event) => {
        look.set({ cursor: null });
        flipWhile(event.ctrlKey || event.metaKey);
      },
      onHover: (touch) => look.set({ hover: place(touch) }),
      onUp: () => flipWhile(false),
    },
  );
  const leave = () => look.set({ hover: null });
  canvas.addEventListener("pointerleave", leave);
  const stopWheel = startWheel(canvas, (factor, x, y, event) => {
    if (event.ctrlKey && !event.deltaX && Math.abs(event.deltaY) >= 50)
      perform(event.deltaY > 0 ? "smaller" : "larger");
    else setView(zoomAt(look.get().view, sizeOf(canvas), factor, x, y));
  });
  easel.stopStroke = abort;
  return () => {
    easel.stopStroke = () => false;
    canvas.removeEventListener("pointerleave", leave);
    stopWheel();
    stop();
  };
}

/** What one paints is to be seen: where the original lies over it, that goes. */
function reveal({ look }: Easel, point: Point): void {
  const { compare, split } = look.get();
  if (compare === "original" || (compare === "slider" && point.x < split)) look.set({ compare: "off" });
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

/** The canvas, and everything that happens on it. */
function Canvas() {
  const easel = useEasel();
  const { look } = easel;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { hand } = useStore(look);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const stops = [startRendering(easel, element), startHands(easel, element)];
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
      tabIndex={0}
      role="application"
      aria-label="Picture. Arrow keys move the brush, Space or Enter paints, Shift with arrows moves faster."
      onKeyDown={(event) => onKey(easel, event)}
      onBlur={() => look.set({ cursor: null })}
    />
  );
}

/** What the stage waits for, while it has no picture. */
function Waiting() {
  const { model, picture, original, seed, photo, connection } = useStore(useEasel().paint);
  const { info, problem } = useStore(studioModels);
  if (picture || original) return null;
  const failure = problem ?? info?.failure;
  if (failure) return <Loading what={failure.title} testid="stage-loading" still />;
  const drawing = photo === null ? `Drawing picture ${seed}` : "Drawing your photo";
  const what = model === null ? "Loading the generator" : drawing;
  return <Loading what={connection === "lost" ? "Waiting for the studio" : what} testid="stage-loading" />;
}

interface StageProps {
  /** What is written over the picture, if anything. */
  readonly badge: string | undefined;
  /** Whether a file is held over it. */
  readonly over?: boolean;
  readonly children?: ComponentChildren;
}

/** The picture with what is compared beside or over it. */
export function Stage({ badge, over = false, children }: StageProps) {
  const { compare } = useStore(useEasel().look);
  const main = useRef<HTMLDivElement>(null);
  const size = useSize(main);
  return (
    <div class={`stage ${compare === "side" ? "two" : ""} ${over ? "over" : ""}`}>
      {compare === "side" && <OriginalBeside />}
      <div class="stage-main" ref={main}>
        <Canvas />
        <Waiting />
        <SplitHandle canvas={size} />
        {badge && <span class="badge">{badge}</span>}
      </div>
      {children}
    </div>
  );
}
