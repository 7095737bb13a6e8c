import { useState } from "preact/hooks";
import { address, type LostInfo, type PhotoInfo } from "../../api/client";
import { scoreInWords } from "../../engine/fit";
import { percent } from "../../engine/numbers";
import { Button, useStore } from "../../kit";
import { LostMap } from "./LostMap";
import { Stages } from "./Stages";
import { startOver } from "./session";
import { photos } from "./state";

interface LostProps {
  readonly lost: LostInfo | null;
  readonly chosen: number | null;
  readonly onChoose: (index: number | null) => void;
}

/** What was in the photo and is not in the inversion. */
function LostList({ lost, chosen, onChoose }: LostProps) {
  if (!lost)
    return <p class="hint">The card of this generator names no segmenter, so losses cannot be measured.</p>;
  if (lost.concepts.length === 0)
    return <p class="hint">The inversion shows every concept that the segmenter finds in the photo.</p>;
  return (
    <ul class="lost-list" data-testid="lost-list">
      {lost.concepts.slice(0, 8).map((one, index) => (
        <li key={one.concept}>
          <button
            type="button"
            aria-pressed={chosen === index}
            data-testid={`lost-${one.concept}`}
            onMouseEnter={() => onChoose(index)}
            onMouseLeave={() => onChoose(null)}
            onFocus={() => onChoose(index)}
            onBlur={() => onChoose(null)}
          >
            <span class="swatch" style={{ background: one.colour }} />
            <b>{one.concept}</b>
            <span class="lost-bar">
              <span
                style={{ width: `${Math.min(100, (100 * one.lost) / Math.max(0.01, one.area_photo))}%` }}
              />
            </span>
            <small>
              {percent(one.lost / Math.max(1e-9, one.area_photo))} of it, {percent(one.lost, 1)} of the square
            </small>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Pictures({ photo, chosen }: { photo: PhotoInfo; chosen: number | null }) {
  const stages = photo.inversion?.stages.filter((one) => one.picture !== null) ?? [];
  const inverted = stages.filter((one) => one.stage !== "adapted").at(-1);
  const adapted = stages.find((one) => one.stage === "adapted");
  const lost = photo.inversion?.lost;
  return (
    <div class="pair three">
      <figure>
        <div class="pair-picture">
          <img src={address.target(photo.id)} alt="The input of the generator" />
          {lost && <LostMap lost={lost} only={chosen} />}
        </div>
        <figcaption>{lost ? "Your photo, and what was lost" : "Your photo"}</figcaption>
      </figure>
      {inverted?.picture && (
        <figure>
          <div class="pair-picture">
            <img src={inverted.picture} alt="The inversion" />
          </div>
          <figcaption>
            Inversion <b>{inverted.psnr?.toFixed(1)} dB</b>
          </figcaption>
        </figure>
      )}
      {adapted?.picture && (
        <figure>
          <div class="pair-picture">
            <img src={adapted.picture} alt="What the adapted generator draws" />
          </div>
          <figcaption>
            Adapted <b>{adapted.psnr?.toFixed(1)} dB</b>
          </figcaption>
        </figure>
      )}
    </div>
  );
}

/** The score, stated before one paints: how close, and what the generator cannot see. */
export function ResultStep() {
  const { photo } = useStore(photos);
  const [chosen, setChosen] = useState<number | null>(null);
  const inversion = photo?.inversion;
  if (!photo || !inversion) return null;
  const { psnr, lost, size, stopped, model, stages } = inversion;
  return (
    <div class="photo-result" data-testid="result">
      <Pictures photo={photo} chosen={chosen} />
      <div class="result-panels">
        <section class="panel score" aria-label="Reconstruction">
          <h2>Reconstruction</h2>
          <p class="score-figure">
            <b data-testid="score">{psnr.toFixed(1)} dB</b>
            <span>
              {scoreInWords(psnr)}, at {size} × {size} pixels
            </span>
          </p>
          <Stages stages={stages} />
          {stopped && <p class="hint">Stopped early.</p>}
          <div class="row">
            <Button
              kind="primary"
              icon="brush"
              label="Paint on it"
              testid="paint-on-it"
              onClick={() => photos.set({ view: "paint" })}
            />
            <Button
              icon="reset"
              label="Another square or generator"
              testid="start-over"
              onClick={() => void startOver()}
            />
          </div>
        </section>
        <section class="panel" aria-label="What was lost">
          <h2>
            What {model} cannot draw{" "}
            {lost && <small data-testid="lost-share">{percent(lost.share, 1)} of the square</small>}
          </h2>
          <LostList lost={lost} chosen={chosen} onChoose={setChosen} />
          <p class="hint">
            The photo shows these concepts and the inversion does not. The adapted generator draws them as
            colours that no unit represents, so brushes change them less reliably.
          </p>
        </section>
      </div>
    </div>
  );
}
