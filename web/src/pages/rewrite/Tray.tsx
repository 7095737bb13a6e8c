import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, prepare, useStore } from "../../kit";
import { imageOf } from "./drawing";
import { wall } from "./wall";

type Draw = (
  to: CanvasRenderingContext2D,
  side: number,
  again: () => void,
  canvas: HTMLCanvasElement,
) => void;

/** A small picture with what is marked in it. */
function Thumbnail({ seed, over, version }: { seed: number; over: Draw; version: unknown }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { plain } = useStore(wall);
  const url = plain[seed];
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let gone = false;
    const draw = () => {
      const to = gone ? null : prepare(element);
      if (!to) return;
      const side = element.clientWidth;
      const picture = imageOf(url, draw);
      if (picture) to.drawImage(picture, 0, 0, side, side);
      over(to, side, draw, element);
    };
    draw();
    return () => {
      gone = true;
    };
  }, [url, version]);
  return <canvas ref={canvas} class="thumbnail" />;
}

interface ItemProps {
  readonly seed: number;
  readonly label: string;
  readonly testid: string;
  /** Changes when what is drawn over the picture does. */
  readonly version: unknown;
  readonly over: Draw;
  readonly onForget: () => void;
}

/** Something that is marked in a picture; a click takes it away. */
export function TrayItem({ seed, label, testid, version, over, onForget }: ItemProps) {
  return (
    <li>
      <button type="button" class="tray-item" aria-label={label} data-testid={testid} onClick={onForget}>
        <Thumbnail seed={seed} version={version} over={over} />
        <Icon name="close" size={16} />
      </button>
    </li>
  );
}

/** A row of what is marked. */
export function Tray(props: { label: string; testid: string; children: ComponentChildren }) {
  return (
    <ul class="tray" aria-label={props.label} data-testid={props.testid}>
      {props.children}
    </ul>
  );
}
