import { useEffect, useRef, useState } from "preact/hooks";
import { type Box, boxBetween, middleBox, nudge } from "../../engine/marks";
import type { Point } from "../../engine/mask";
import { Loading, say, startPointing, toast } from "../../kit";

/** A box over a picture. */
export function BoxOver({ box, size }: { box: Box; size: number }) {
  const share = (pixels: number) => `${(100 * pixels) / size}%`;
  const { x, y, width, height } = box;
  return (
    <span
      class="box-over"
      style={{ left: share(x), top: share(y), width: share(width), height: share(height) }}
    />
  );
}

interface Props {
  readonly seed: number;
  readonly picture: string;
  /** Height and width of the picture, in pixels. */
  readonly size: number;
  readonly box: Box | undefined;
  readonly onMark: (box: Box | null) => void;
}

/** Pointer, pen and finger drag a box. Returns how to stop. */
function startHands(element: HTMLElement, size: number, live: (box: Box | null) => void, done: () => void) {
  const place = ({ x, y }: Point) => ({ x: x / element.clientWidth, y: y / element.clientHeight });
  let from: Point = { x: 0, y: 0 };
  const handlers = {
    begin: (touch: Point) => {
      from = place(touch);
      live(boxBetween(from, from, size));
    },
    move: (touch: Point) => live(boxBetween(from, place(touch), size)),
    end: done,
    abort: () => live(null),
    pan: () => undefined,
    pinch: () => undefined,
    tap: () => undefined,
  };
  return startPointing(element, handlers).stop;
}

/** One picture, on which a box is drawn around what is meant. */
export function Stage({ seed, picture, size, box, onMark }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const [live, setLive] = useState<Box | null>(null);
  const [there, setThere] = useState("");
  const latest = useRef({ live, onMark });
  latest.current.onMark = onMark;
  useEffect(() => {
    if (!element.current) return;
    const show = (drawn: Box | null) => {
      latest.current.live = drawn;
      setLive(drawn);
    };
    return startHands(element.current, size, show, () => {
      const drawn = latest.current.live;
      show(null);
      if (!drawn) return;
      if (Math.max(drawn.width, drawn.height) > 1) latest.current.onMark(drawn);
      else toast({ title: "A click marks nothing", detail: "Drag to draw a box around what you mean." });
    });
  }, [size]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = box ?? middleBox(size);
    const moved = box ? nudge(here, event.key, event.shiftKey, size) : null;
    if (event.key === "Delete" || event.key === "Backspace") onMark(null);
    else if (moved ?? (event.key === "Enter" || event.key === " ")) {
      const { x, y, width, height } = moved ?? here;
      onMark({ x, y, width, height });
      say(`Box at ${x}, ${y}, ${width} wide, ${height} high.`);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = live ?? box;
  return (
    <div
      ref={element}
      class="find-stage"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys of its own
      tabIndex={0}
      data-testid="find-stage"
      aria-label={`Picture ${seed}${shown ? ", marked" : ""}. Enter places a box, arrow keys move it, with Shift they change its size, Delete takes it away.`}
      onKeyDown={onKeyDown}
    >
      {there !== picture && <Loading what={`Drawing picture ${seed}`} testid="stage-loading" />}
      <img src={picture} alt="" draggable={false} onLoad={() => setThere(picture)} />
      {shown && <BoxOver box={shown} size={size} />}
    </div>
  );
}
