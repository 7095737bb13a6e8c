import { useState } from "preact/hooks";
import { type Problem, part, problemOf, request } from "../../api/client";
import { Button, chooseFile, DropVeil, FileInput, Notice, show, tooLarge, useDropping } from "../../kit";
import type { SeenPhoto } from "./shapes";

const INPUT = "explain-file";

interface Props {
  readonly photos: readonly SeenPhoto[];
  readonly largest: number;
  readonly chosen: SeenPhoto;
  readonly onChange: () => void;
}

/** Drop, paste or choose a photo, or take one that is here. */
export function Photos({ photos, largest, chosen, onChange }: Props) {
  const [sending, setSending] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const bring = async (file: File) => {
    const large = tooLarge(file, largest, "Make it smaller first.");
    setProblem(large);
    if (large) return;
    setSending(file.name || "the photo");
    try {
      const path = `api/explain/photos?name=${part(file.name)}`;
      const response = await request(path, { method: "POST", body: file });
      const photo = (await response.json()) as SeenPhoto;
      onChange();
      show({ photo: photo.id, of: "", off: "" }, false);
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setSending("");
    }
  };
  const remove = async (photo: SeenPhoto) => {
    try {
      await request(`api/explain/photos/${photo.id}`, { method: "DELETE" });
    } catch (error) {
      setProblem(problemOf(error));
    }
    onChange();
  };
  const over = useDropping((file) => void bring(file));
  return (
    <section class="explain-photos" aria-label="Photo">
      {over && <DropVeil text="Let go to explain this photo" />}
      <FileInput name={INPUT} label="Choose a photo" accept="image/*" onFile={bring} />
      <div class="row">
        <Button
          kind="primary"
          icon="upload"
          label={sending ? `Reading ${sending}…` : "Choose a photo"}
          testid="explain-choose"
          disabled={sending !== ""}
          onClick={() => chooseFile(INPUT)}
        />
        <p class="hint">Or drop one anywhere, or paste it. It stays on this computer.</p>
      </div>
      {problem && (
        <div role="alert" data-testid="explain-file-problem">
          <Notice {...problem} />
        </div>
      )}
      <ul class="explain-strip">
        {photos.map((photo) => (
          <li key={photo.id}>
            <button
              type="button"
              aria-pressed={photo.id === chosen.id}
              data-testid={`explain-photo-${photo.id}`}
              title={photo.name}
              onClick={() => show({ photo: photo.id, of: "", off: "" }, false)}
            >
              <img src={photo.small} alt={photo.name} loading="lazy" />
            </button>
          </li>
        ))}
      </ul>
      {!chosen.example && (
        <Button
          kind="quiet"
          icon="trash"
          label={`Delete ${chosen.name}`}
          testid="explain-delete"
          onClick={() => void remove(chosen)}
        />
      )}
    </section>
  );
}
