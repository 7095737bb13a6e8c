import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Cursor, centre, cursorPoint, moveCursor, spoken } from "../../engine/cursor";
import type { Point } from "../../engine/mask";
import { placeOf } from "../../engine/rule";
import { onAppearance, perform, prepare, say, startPointing, useStore } from "../../kit";
import { drawClip, drawCursor, drawMask, imageOf, inksOf } from "./drawing";
import { abort, begin, end, live, move, unmark } from "./marking";
import { gridOf, rewrite, tools } from "./state";
import { wall } from "./wall";

/** Everything that lies over a picture of the wall. */
function paint(canvas: HTMLCanvasElement, seed: number, cursor: Cursor | null): void {
  const to = prepare(canvas);
  if (!to) return;
  const { diameter, hideMasks } = tools.get();
  if (!hideMasks) drawMarks(to, canvas, seed, () => paint(canvas, seed, cursor));
  if (cursor) drawCursor(to, cursor, gridOf(rewrite.get()), diameter, canvas.clientWidth);
}

/** What is marked in a picture, and what is being marked. */
function drawMarks(to: CanvasRenderingContext2D, canvas: HTMLCanvasElement, seed: number, again: () => void) {
  const side = canvas.clientWidth;
  const inks = inksOf(canvas);
  const { rule, marks, madeFor } = rewrite.get();
  const { tool, original, peek } = tools.get();
  const now = live.get().live;
  const mine = now?.seed === seed ? now : null;
  const mark = marks?.[seed];
  if (mark) drawMask(to, mark, side, inks.match, { fill: 0.3 });
  const settled = madeFor === rule.pastes && rule.making !== null;
  for (const role of ["protect", "context"] as const) {
    const place = mine?.mask && tool === role ? mine.mask : placeOf(rule, role, seed);
    if (place) drawMask(to, place, side, inks[role], settled ? { fill: 0 } : {});
  }
  if (rule.goal !== "paste") return;
  const marked = rule.copied?.seed === seed ? rule.copied.mask : null;
  const copied = mine?.mask && tool === "copy" ? mine.mask : marked;
  if (copied) drawMask(to, copied, side, inks.copy, { fill: settled ? 0 : 0.25, dashed: true });
  const moving = now?.paste && !rule.another ? rule.pastes.slice(0, -1) : rule.pastes;
  const shown = mine?.paste ? [...moving, mine.paste] : moving;
  for (const paste of shown.filter((one) => one.into === seed)) {
    const filled = (!settled || paste === mine?.paste) && !original && !peek;
    drawClip(to, imageOf(wall.get().plain[paste.from], again), paste, side, inks.paste, filled);
  }
}

/** Pointer, pen and finger: one draws, two scroll the page, a tap of two undoes. */
function startHands(canvas: HTMLCanvasElement, seed: number): () => void {
  const place = ({ x, y }: Point) => ({ x: x / canvas.clientWidth, y: y / canvas.clientHeight });
  let flip = false;
  const onDown = (event: PointerEvent) => {
    flip = event.ctrlKey || event.metaKey;
  };
  const handlers = {
    begin: (touch: Point) => begin(seed, place(touch), flip),
    move: (touch: Point) => move(place(touch)),
    end,
    abort: () => void abort(),
    pan: () => undefined,
    pinch: (was: readonly [Point, Point], is: readonly [Point, Point]) =>
      window.scrollBy(0, (was[0].y + was[1].y - is[0].y - is[1].y) / 2),
    tap: (fingers: number) => perform(fingers === 2 ? "undo" : "redo"),
  };
  return startPointing(canvas, handlers, { onDown }).stop;
}

/** Arrows move the cursor, Enter and Space mark or paste there, Delete takes away. */
function useKeys(seed: number) {
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const onKeyDown = (event: KeyboardEvent) => {
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
  return { cursor, keys: { onKeyDown, onBlur: () => setCursor(null) } };
}

/** What a picture is to the rule, in words. */
function useRoles(seed: number): string {
  const { rule, marks } = useStore(rewrite);
  const roles = [
    placeOf(rule, "context", seed) && "in the context",
    placeOf(rule, "protect", seed) && "protected",
    rule.copied?.seed === seed && "copied from",
    rule.pastes.some((paste) => paste.into === seed) && "pasted into",
    marks?.[seed]?.cells.some((weight) => weight > 0) && "has matches",
  ];
  return roles.filter(Boolean).join(", ");
}

/** A picture of the wall: what the rules make of it, and what is marked in it. */
export function Tile({ seed }: { seed: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { plain, edited } = useStore(wall);
  const { original, peek } = useStore(tools);
  const { cursor, keys } = useKeys(seed);
  const roles = useRoles(seed);
  const latest = useRef(cursor);
  latest.current = cursor;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => paint(element, seed, latest.current);
    const watched = [live, tools, rewrite, wall].map((store) => store.subscribe(draw));
    const stops = [startHands(element, seed), onAppearance(element, draw), ...watched];
    return () => {
      for (const stop of stops) stop();
    };
  }, [seed]);
  useEffect(() => {
    if (canvas.current) paint(canvas.current, seed, cursor);
  }, [cursor, plain[seed]]);
  const url = (original || peek ? undefined : edited[seed]) ?? plain[seed];
  return (
    <li class="tile" data-testid={`tile-${seed}`} data-roles={roles}>
      {url ? (
        <img src={url} alt="" draggable={false} />
      ) : (
        <span class="tile-empty">
          <span class="spinner" aria-hidden="true" />
        </span>
      )}
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that takes keys of its own is an application */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`Picture ${seed}${roles && `, ${roles}`}. Arrow keys move, Enter marks or pastes, Delete removes.`}
        {...keys}
      />
      <span class="tile-seed" aria-hidden="true">
        {seed}
      </span>
    </li>
  );
}
