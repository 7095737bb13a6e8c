import type { RunningInversion } from "../../api/client";
import { address } from "../../api/client";
import { linePath } from "../../engine/fit";
import { percent } from "../../engine/numbers";
import { Button, useStore } from "../../kit";
import { Seen } from "./Seen";
import { STAGE_NAMES, Stages } from "./Stages";
import { photos } from "./state";

const CHART = { width: 800, height: 64 };

/** How close it has come, over time. */
function Curve({ running }: { running: RunningInversion }) {
  const path = linePath(running.curve, CHART.width * Math.max(0.02, running.fraction), CHART.height);
  const first = running.curve[0]?.[1] ?? 0;
  return (
    <svg
      class="psnr-curve"
      viewBox={`0 -4 ${CHART.width} ${CHART.height + 8}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`From ${first.toFixed(1)} to ${running.psnr?.toFixed(1)} decibels`}
    >
      <path d={path} />
    </svg>
  );
}

/** What it does now, and how it is ended. */
function Head({ running }: { running: RunningInversion }) {
  const waiting = running.step === 0;
  const doing = running.stage ? STAGE_NAMES[running.stage].doing : "Waiting to begin";
  return (
    <div class="running-head">
      <p role="status">
        <b>{running.stopping ? "Stopping with the best so far" : doing} </b>
        <span>{waiting ? "" : percent(running.fraction)}</span>
      </p>
      <div class="row">
        <Button
          kind="primary"
          icon="check"
          label="Stop and use"
          action="stop-and-use"
          disabled={waiting || running.stopping}
        />
        <Button icon="close" label="Cancel" action="abort" testid="give-up" />
      </div>
    </div>
  );
}

/** The picture improves before one's eyes. */
export function RunningStep() {
  const { photo } = useStore(photos);
  const running = photo?.running;
  if (!photo || !running) return null;
  const waiting = running.step === 0;
  return (
    <div class="photo-running" data-testid="running" data-step={running.step}>
      <div class="pair">
        <figure>
          <div class="pair-picture">
            <Seen photo={photo} fit={photo.fit} size={512} label="Your photo" />
          </div>
          <figcaption>Your photo</figcaption>
        </figure>
        <figure>
          <div class="pair-picture">
            {running.picture ? (
              <img src={running.picture} alt="What the generator draws so far" data-testid="improving" />
            ) : (
              <img class="waiting" src={address.small(photo.id)} alt="" />
            )}
          </div>
          <figcaption>
            {waiting ? "Getting ready" : "The generator draws"}
            {running.psnr !== null && <b data-testid="psnr">{running.psnr.toFixed(1)} dB</b>}
          </figcaption>
        </figure>
      </div>
      <section class="panel running-panel" aria-label="Progress">
        <Head running={running} />
        <progress value={waiting ? undefined : running.fraction} max={1} aria-label="Inversion" />
        <Stages stages={running.stages} current={running.stage} />
        <Curve running={running} />
      </section>
    </div>
  );
}
