import { useEffect, useRef, useState } from "preact/hooks";
import type { LostInfo } from "../../api/client";
import { unpackMap } from "../../engine/influence";
import { colourBytes } from "../../engine/lost";

interface Props {
  readonly lost: LostInfo;
  /** Only this concept; null for all. */
  readonly only: number | null;
}

/** Which parts of the photo the generator did not draw, in the colours of what they are. */
export function LostMap({ lost, only }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cells, setCells] = useState<Uint8Array | null>(null);
  useEffect(() => {
    let current = true;
    unpackMap(lost.map, lost.size).then(
      (map) => current && setCells(map),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [lost]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !cells) return;
    const colours = lost.concepts.map((one) => one.colour);
    context.putImageData(new ImageData(colourBytes(cells, colours, only), lost.size, lost.size), 0, 0);
  }, [cells, only, lost]);
  return <canvas ref={canvas} class="lost-map" width={lost.size} height={lost.size} />;
}
