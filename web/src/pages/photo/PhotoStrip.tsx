import { Button } from "../../kit/controls";
import { useStore } from "../../kit/hooks";
import { go } from "../../kit/router";
import { closePhoto, openPhoto, photos, removePhoto } from "./session";

/** The photos that were brought, and a place for another one. */
export function PhotoStrip({ onChoose }: { onChoose: () => void }) {
  const { photos: list, photo, sending } = useStore(photos, "photos", "photo", "sending");
  return (
    <section class="strip photo-strip" aria-label="Photos">
      <div class="strip-pictures">
        {list.map((one) => (
          <button
            type="button"
            key={one.id}
            class="thumb"
            data-testid={`photo-${one.id}`}
            aria-label={`${one.name}${one.state === "ready" ? `, ${one.psnr?.toFixed(1)} dB` : ""}`}
            aria-pressed={one.id === photo?.id}
            onClick={() => void openPhoto(one.id)}
          >
            <img src={one.small} alt="" />
          </button>
        ))}
      </div>
      <div class="strip-tools">
        {photo && (
          <Button
            kind="icon"
            icon="trash"
            label={`Delete ${photo.name}`}
            testid="delete-photo"
            onClick={() => void removePhoto(photo.id)}
          />
        )}
        <Button
          label="All photos"
          icon="folder"
          testid="all-photos"
          onClick={() => {
            closePhoto();
            go("photo", {});
          }}
        />
        <Button
          label={sending ? "Reading…" : "Another photo"}
          icon="plus"
          action="choose-photo"
          testid="another-photo"
          disabled={sending !== ""}
          onClick={onChoose}
        />
      </div>
    </section>
  );
}
