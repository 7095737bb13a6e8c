import type { PhotoSummary } from "../../api/client";
import { Button, Icon, Notice, useStore } from "../../kit";
import { openPhoto, removePhoto } from "./session";
import { photos } from "./state";

function stateOf({ state, model, psnr }: PhotoSummary): string {
  if (state === "inverting") return "being inverted";
  return state === "new" ? "not inverted yet" : `${model} · ${psnr?.toFixed(1)} dB`;
}

function PhotoCard({ photo }: { photo: PhotoSummary }) {
  return (
    <li>
      <button type="button" class="photo-card" onClick={() => void openPhoto(photo.id)}>
        <img src={photo.small} alt="" loading="lazy" />
        <span>
          <b>{photo.name}</b>
          <small>
            {photo.width} × {photo.height} · {stateOf(photo)}
          </small>
        </span>
      </button>
      <Button
        kind="icon"
        icon="trash"
        label={`Delete ${photo.name}`}
        onClick={() => void removePhoto(photo.id)}
      />
    </li>
  );
}

/** Drop, paste or choose a photo; or go on with one that was brought before. */
export function ChoosePhoto() {
  const { photos: list, sending, problem } = useStore(photos);
  return (
    <div class="choose-photo">
      <section class="photo-drop" aria-label="Open a photo">
        <span class="photo-drop-icon">
          <Icon name="photo" size={44} />
        </span>
        <h2>Edit a photo of your own</h2>
        <p>
          Drop it anywhere on this page, paste it, or choose a file. The generator finds the closest picture
          that it can draw, and adapts to your photo. Then you paint on it with units.
        </p>
        <Button
          kind="primary"
          icon="upload"
          label={sending ? `Reading ${sending}…` : "Choose a photo"}
          action="choose-photo"
          disabled={sending !== ""}
        />
        <p class="hint">JPEG, PNG, WebP, AVIF, TIFF, … It stays on this computer.</p>
        {problem && (
          <div data-testid="photo-problem" role="alert">
            <Notice {...problem} />
          </div>
        )}
      </section>
      {list.length > 0 && (
        <section aria-label="Photos">
          <h2>Your photos</h2>
          <ul class="photo-cards">
            {list.map((photo) => (
              <PhotoCard key={photo.id} photo={photo} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
