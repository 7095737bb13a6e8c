import { useEffect, useRef } from "preact/hooks";
import { address, type PhotoInfo } from "../../api/client";
import { drawSeen, useImage } from "./seen";

const SIDE = 512;

/** The part of a photo that the generator is to draw. */
export function SeenPhoto({ photo }: { photo: PhotoInfo }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const image = useImage(address.photo(photo.id));
  useEffect(() => {
    if (canvas.current && image) drawSeen(canvas.current, image, photo, photo.fit);
  }, [image]);
  return (
    <div class="pair-picture">
      <canvas ref={canvas} width={SIDE} height={SIDE} role="img" aria-label="Your photo" />
    </div>
  );
}
