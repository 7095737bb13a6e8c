import { useEffect, useRef, useState } from "preact/hooks";
import { address, type PhotoInfo } from "../../api/client";
import { boxText, type Fit } from "../../engine/fit";
import type { Size } from "../../engine/view";

/** The part of a photo that the generator is to draw. */
export function Seen({
  photo,
  fit,
  size,
  label,
}: {
  photo: PhotoInfo;
  fit: Fit;
  size: number;
  label: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = useImage(address.photo(photo.id));
  useEffect(() => {
    if (canvas.current && image) drawSeen(canvas.current, image, photo, fit);
  }, [image, boxText(fit), size]);
  return <canvas ref={canvas} width={size} height={size} role="img" aria-label={label} />;
}

/** A picture of an address, once it is there. */
export function useImage(source: string | null): HTMLImageElement | null {
  const [image, setImage] = useState<HTMLImageElement | null>(null);
  useEffect(() => {
    setImage(null);
    if (source === null) return;
    let current = true;
    const loading = new Image();
    loading.src = source;
    loading.decode().then(
      () => current && setImage(loading),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [source]);
  return image;
}

/** Draw what the generator will see: the square of the photo, mirrored beyond its edges. */
function drawSeen(canvas: HTMLCanvasElement, image: HTMLImageElement, photo: Size, fit: Fit): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const [across, down] = [canvas.width / fit.width, canvas.height / fit.height];
  const [width, height] = [photo.width * across, photo.height * down];
  context.imageSmoothingQuality = "high";
  for (let row = -1; row <= 1; row++) {
    for (let column = -1; column <= 1; column++) {
      context.save();
      context.translate(column * width - fit.x * across, row * height - fit.y * down);
      if (column !== 0) mirror(context, width, 0);
      if (row !== 0) mirror(context, 0, height);
      context.drawImage(image, 0, 0, width, height);
      context.restore();
    }
  }
}

function mirror(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.translate(x, y);
  context.scale(x ? -1 : 1, y ? -1 : 1);
}
