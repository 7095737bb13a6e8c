import { api, type PaintingSummary } from "../../api/client";
import { Button, Dialog, Notice, useLoaded } from "../../kit";
import { deletePainting } from "./exporting";
import { openPainting, paintAgain } from "./session";

const titleOf = ({ seed, photo, class_index: inClass }: PaintingSummary) =>
  photo
    ? "On a photo"
    : typeof inClass === "number"
      ? `Picture ${seed} of class ${inClass}`
      : `Picture ${seed}`;

function Shown({ one }: { one: PaintingSummary }) {
  return (
    <>
      <img src={one.picture} alt="" width="128" height="128" loading="lazy" />
      <span>
        <b>{one.name || titleOf(one)}</b>
        <small>
          {one.strokes === 1 ? "1 stroke" : `${one.strokes} strokes`} ·{" "}
          {new Date(one.updated * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}
        </small>
        {one.former && (
          <small>
            By version {one.former} of {one.model}; another is installed.
          </small>
        )}
      </span>
    </>
  );
}

/** Everything that has been painted and kept. */
export function PaintingsDialog({ onClose }: { onClose: () => void }) {
  const { value, problem, reload } = useLoaded("paintings", api.paintings);
  const paintings = value?.paintings ?? [];
  return (
    <Dialog title="My paintings" onClose={onClose} wide>
      {problem && <Notice {...problem} />}
      {value && paintings.length === 0 && (
        <Notice title="Nothing here yet" detail="Strokes are saved as you paint." />
      )}
      <ul class="paintings">
        {paintings.map((one) => (
          <li key={one.id}>
            {one.former ? (
              <div class="painting former" data-testid="former">
                <Shown one={one} />
                <Button label="Paint again" onClick={() => void paintAgain(one.id).then(onClose)} />
              </div>
            ) : (
              <button type="button" class="painting" onClick={() => void openPainting(one.id).then(onClose)}>
                <Shown one={one} />
              </button>
            )}
            <Button
              kind="icon"
              icon="trash"
              label="Delete"
              onClick={() => void deletePainting(one.id, reload)}
            />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
