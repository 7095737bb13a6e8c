import { useLayoutEffect, useRef } from "preact/hooks";
import type { PhotoInfo } from "../../api/client";
import { centreOf, type Fit, moved, shapeOf, zoomed, zoomOf } from "../../engine/fit";
import type { Point } from "../../engine/mask";
import { FITTED, placed, spread, within } from "../../engine/view";
import { Loading, startPointing, startWheel, toast, useSize } from "../../kit";
import { chooseFit } from "./session";
import { photos } from "./state";

interface Props {
  readonly photo: PhotoInfo;
  readonly fit: Fit;
  readonly image: HTMLImageElement | null;
}

const MARGIN = 16;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Why the square stays where it is. */
const stays = ({ mode }: Fit) =>
  mode === "crop"
    ? { title: "A click moves nothing", detail: "Drag to move the square. The wheel and pinching zoom it." }
    : { title: "The square holds the whole photo", detail: "Choose Crop to move and zoom it." };

/** Follow the pointer: drag moves the square, wheel and pinch zoom it. Returns how to stop. */
function startHands(stage: HTMLElement, scale: () => number): () => void {
  const change = (to: (fit: Fit, photo: PhotoInfo) => Fit) => {
    const { photo, fit } = photos.get();
    if (photo && fit) chooseFit(to(fit, photo));
  };
  const move = (dx: number, dy: number) =>
    change((fit, photo) => moved(fit, photo, dx / scale(), dy / scale()));
  const zoom = (factor: number) => change((fit, photo) => zoomed(fit, photo, zoomOf(fit, photo) * factor));
  let last: Point | null = null;
  let dragged = false;
  const forget = () => {
    last = null;
  };
  const { stop } = startPointing(
    stage,
    {
      begin: (touch) => {
        last = touch;
        dragged = false;
      },
      move: (touch) => {
        if (last) move(touch.x - last.x, touch.y - last.y);
        last = touch;
        dragged = true;
      },
      end: () => {
        forget();
        const { fit } = photos.get();
        if (fit && !(dragged && fit.mode === "crop")) toast(stays(fit));
      },
      abort: forget,
      pan: move,
      pinch: (before, after) => zoom(spread(before) / spread(after)),
      tap: () => undefined,
    },
    { pans: () => false },
  );
  const stopWheel = startWheel(stage, zoom);
  return () => {
    stop();
    stopWheel();
  };
}

/** The photo with the square on it. */
export function FitStage({ photo, fit, image }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const room = { width: size.width - 2 * MARGIN, height: size.height - 2 * MARGIN };
  const shape = shapeOf(photo, fit);
  const box = placed(FITTED, room, shape.aspect);
  const scale = useRef(1);
  scale.current = Math.max(1e-6, box.width / photo.width);
  useLayoutEffect(() => (stage.current ? startHands(stage.current, () => scale.current) : undefined), []);
  const at = ({ left, top, width, height }: typeof box) => ({
    left: `${left + MARGIN}px`,
    top: `${top + MARGIN}px`,
    width: `${width}px`,
    height: `${height}px`,
  });
  const { x, y } = centreOf(fit);
  const onKey = (event: KeyboardEvent) => {
    const step = ARROWS[event.key];
    const far = (event.shiftKey ? 0.1 : 0.01) * Math.max(photo.width, photo.height);
    if (step) chooseFit(moved(fit, photo, step[0] * far, step[1] * far));
    else if (event.key === "+" || event.key === "=") chooseFit(zoomed(fit, photo, zoomOf(fit, photo) * 1.1));
    else if (event.key === "-") chooseFit(zoomed(fit, photo, zoomOf(fit, photo) / 1.1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={stage}
      class={`stage-main fit-stage ${fit.mode}`}
      data-testid="fit-stage"
      data-fit={[fit.x, fit.y, fit.width, fit.height].map((side) => side.toFixed(1)).join(",")}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      aria-label={`The square, its middle at ${Math.round((100 * x) / photo.width)} and ${Math.round(
        (100 * y) / photo.height,
      )} percent. Arrow keys move it, plus and minus zoom.`}
      onKeyDown={onKey}
    >
      {!image && <Loading what="Loading your photo" testid="stage-loading" />}
      {image && size.width > 0 && <img src={image.src} alt="" style={at(box)} draggable={false} />}
      {size.width > 0 && (
        <div class="fit-clip" style={at(box)}>
          <div
            class="fit-square"
            style={at({
              ...within({ left: -MARGIN, top: -MARGIN, width: box.width, height: box.height }, shape.square),
            })}
          />
        </div>
      )}
    </div>
  );
}
