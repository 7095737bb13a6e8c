import { useEffect, useRef } from "preact/hooks";
import { placed } from "../../engine/view";
import { onAppearance, prepare, useStore } from "..";
import { useEasel } from "./easel";

/** The handle between before and after; it lies on the picture and can be dragged or moved with the arrows. */
export function SplitHandle({ canvas }: { canvas: { width: number; height: number } }) {
  const { paint, look } = useEasel();
  const { shape, original, picture } = useStore(paint);
  const { compare, split, view } = useStore(look);
  if (compare !== "slider" || canvas.width === 0 || !original || !picture) return null;
  const box = placed(view, canvas, shape.aspect);
  const set = (value: number) => look.set({ split: Math.min(1, Math.max(0, value)) });
  const drag = (event: PointerEvent) => {
    const stage = (event.currentTarget as HTMLElement).parentElement?.getBoundingClientRect();
    if (stage && event.buttons > 0) set((event.clientX - stage.left - box.left) / box.width);
  };
  return (
    <div
      class="split"
      data-testid="compare-slider"
      role="slider"
      tabIndex={0}
      aria-label="Before and after"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(split * 100)}
      aria-valuetext={`${Math.round(split * 100)} % original`}
      style={{
        left: `${box.left + split * box.width}px`,
        top: `${box.top}px`,
        height: `${box.height}px`,
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -0.05, ArrowRight: 0.05 }[event.key];
        if (by !== undefined) set(split + by);
      }}
    >
      <span class="split-label before">Before</span>
      <span class="split-grip" />
      <span class="split-label after">After</span>
    </div>
  );
}

/** The original beside the painting, panned and zoomed with it. */
export function OriginalBeside() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { paint, look } = useEasel();
  const { original, shape } = useStore(paint);
  const { view } = useStore(look);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => {
      const context = prepare(element);
      if (!context || !original) return;
      context.imageSmoothingQuality = "high";
      const size = { width: element.clientWidth, height: element.clientHeight };
      const { left, top, width, height } = placed(view, size, shape.aspect);
      context.drawImage(original, left, top, width, height);
    };
    draw();
    return onAppearance(element, draw);
  }, [original, view, shape]);
  return (
    <figure class="beside">
      <canvas ref={canvas} role="img" aria-label="The original picture" />
      <figcaption>Original</figcaption>
    </figure>
  );
}
