import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../../kit/hooks";
import { imageOf, prepareCanvas } from "./drawing";
import { wall } from "./wall";

type Draw = (
  to: CanvasRenderingContext2D,
  side: number,
  again: () => void,
  canvas: HTMLCanvasElement,
) => void;

/** A small picture with what is marked in it. */
export function Thumbnail({ seed, over, version }: { seed: number; over: Draw; version: unknown }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { plain } = useStore(wall, "plain");
  const url = plain[seed];
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let gone = false;
    const draw = () => {
      const prepared = gone ? null : prepareCanvas(element);
      if (!prepared) return;
      const [to, side] = prepared;
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
