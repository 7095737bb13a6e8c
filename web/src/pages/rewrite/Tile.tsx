import { useEffect, useRef, useState } from "preact/hooks";
import { type Cursor, centre, cursorPoint, moveCursor, spoken } from "../../engine/cursor";
import { Gestures, type Touch } from "../../engine/gestures";
import { placeOf } from "../../engine/rule";
import { perform, say, useStore } from "../../kit";
import { drawClip, drawCursor, drawMask, imageOf, inksOf, prepareCanvas } from "./drawing";
import { abort, begin, end, live, move, unmark } from "./marking";
import { gridOf, rewrite, tools } from "./state";
import { wall } from "./wall";

const looking = () => tools.get().original || tools.get().peek;

/** Everything that lies over a picture of the wall. */
function paint(canvas: HTMLCanvasElement, seed: number, cursor: Cursor | null): void {
  const prepared = prepareCanvas(canvas);
  if (!prepared) return;
  const [to, side] = prepared;
  const again = () => paint(canvas, seed, cursor);
  const inks = inksOf(canvas);
  const { rule, marks, madeFor } = rewrite.get();
  const { plain } = wall.get();
  const now = live.get().live;
  const mine = now?.seed === seed ? now : null;
  const { tool, hideMasks } = tools.get();
  if (!hideMasks) {
    const mark = marks?.[seed];
    if (mark) drawMask(to, mark, side, inks.match, { fill: 0.3 });
    const settled = madeFor === rule.pastes && rule.making !== null;
    for (const role of ["protect", "context"] as const) {
      const place = mine?.mask && tool === role ? mine.mask : placeOf(rule, role, seed);
      if (place) drawMask(to, place, side, inks[role], settled ? { fill: 0 } : {});
    }
    const copied =
      mine?.mask && tool === "copy" ? mine.mask : rule.copied?.seed === seed ? rule.copied.mask : null;
    if (copied && rule.goal === "paste")
      drawMask(to, copied, side, inks.copy, { fill: settled ? 0 : 0.25, dashed: true });
    if (rule.goal === "paste") {
      const moving = now?.paste && !rule.another ? rule.pastes.slice(0, -1) : rule.pastes;
      const shown = mine?.paste ? [...moving, mine.paste] : moving;
      for (const paste of shown.filter((one) => one.into === seed)) {
        const filled = (!settled || paste === mine?.paste) && !looking();
        drawClip(to, imageOf(plain[paste.from], again), paste, side, inks.paste, filled);
      }
    }
  }
  if (cursor) drawCursor(to, cursor, gridOf(rewrite.get()), tools.get().diameter, side);
}

/** Pointer, pen and finger: one draws, two scroll the page, a tap of two undoes. */
function startPointing(canvas: HTMLCanvasElement, seed: number): () => void {
  const place = ({ x, y }: { x: number; y: number }) => ({
    x: x / canvas.clientWidth,
    y: y / canvas.clientHeight,
  });
  let flip = false;
  const gestures = new Gestures({
    begin: (touch) => begin(seed, place(touch), flip),
    move: (touch) => move(place(touch)),
    end,
    abort: () => void abort(),
    pan: () => undefined,
    pinch: (was, is) => window.scrollBy(0, (was[0].y + was[1].y - is[0].y - is[1].y) / 2),
    tap: (fingers) => perform(fingers === 2 ? "undo" : "redo"),
  });
  const touchOf = (event: PointerEvent): Touch => {
    const box = canvas.getBoundingClientRect();
    const { pointerId: id, pointerType: kind, pressure, timeStamp: time } = event;
    return { id, kind, pressure, time, pans: false, x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const listen = (name: "pointerdown" | "pointermove" | "pointerup", react: (event: PointerEvent) => void) =>
    canvas.addEventListener(name, react, options);
  listen("pointerdown", (event) => {
    if (event.button > 0) return;
    canvas.setPointerCapture(event.pointerId);
    flip = event.ctrlKey || event.metaKey;
    gestures.press(touchOf(event));
  });
  listen("pointermove", (event) => {
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length > 0 ? parts : [event]) gestures.move(touchOf(part));
  });
  listen("pointerup", (event) => gestures.release(touchOf(event)));
  canvas.addEventListener("pointercancel", (event) => gestures.cancel(event.pointerId), options);
  return () => controller.abort();
}

/** A picture of the wall: what the rules make of it, and what is marked in it. */
export function Tile({ seed }: { seed: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const { plain, edited } = useStore(wall);
  const { original, peek } = useStore(tools);
  const { rule, marks } = useStore(rewrite);
  const latest = useRef(cursor);
  latest.current = cursor;
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => paint(element, seed, latest.current);
    const stops = [startPointing(element, seed), live.subscribe(draw), tools.subscribe(draw)];
    stops.push(rewrite.subscribe(draw), wall.subscribe(draw));
    const sized = new ResizeObserver(draw);
    sized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      for (const stop of stops) stop();
      sized.disconnect();
      themed.disconnect();
    };
  }, [seed]);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, seed, cursor);
  }, [cursor, plain[seed]]);
  const onKey = (event: KeyboardEvent) => {
    const size = gridOf(rewrite.get());
    const here = cursor ?? centre(size);
    const modified = event.ctrlKey || event.metaKey;
    const next = modified ? null : moveCursor(here, event.key, event.shiftKey, size);
    if (next) {
      setCursor(cursor ? next : here);
      say(spoken(cursor ? next : here, size));
    } else if (!modified && (event.key === "Enter" || event.key === " ")) {
      setCursor(here);
      begin(seed, cursorPoint(here, size), event.altKey);
      end();
    } else if (event.key === "Delete" || (event.key === "Backspace" && !modified)) unmark(seed);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const url = (original || peek ? undefined : edited[seed]) ?? plain[seed];
  const roles = [
    placeOf(rule, "context", seed) ? "in the context" : "",
    placeOf(rule, "protect", seed) ? "protected" : "",
    rule.copied?.seed === seed ? "copied from" : "",
    rule.pastes.some((paste) => paste.into === seed) ? "pasted into" : "",
    marks?.[seed]?.cells.some((weight) => weight > 0) ? "has matches" : "",
  ].filter(Boolean);
  return (
    <li class="tile" data-testid={`tile-${seed}`} data-roles={roles.join(", ")}>
      {url ? <img src={url} alt="" draggable={false} /> : <span class="tile-empty" />}
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that takes keys of its own is an application */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`Picture ${seed}${roles.length ? `, ${roles.join(", ")}` : ""}. Arrow keys move, Enter marks or pastes, Delete takes away.`}
        onKeyDown={onKey}
        onBlur={() => setCursor(null)}
      />
      <span class="tile-seed" aria-hidden="true">
        {seed}
      </span>
    </li>
  );
}
