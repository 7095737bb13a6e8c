import type { StageInfo } from "../../api/client";
import { duration } from "../../engine/numbers";

type Stage = StageInfo["stage"];

export const STAGE_NAMES: Readonly<Record<Stage, { name: string; doing: string; what: string }>> = {
  encoder: { name: "Encoder", doing: "Estimating with the encoder", what: "a first estimate" },
  latent: { name: "Latent", doing: "Searching for the latent", what: "the closest picture of any latent" },
  features: { name: "Features", doing: "Refining the features", what: "with its own features" },
  adapted: { name: "Adapted", doing: "Adapting the generator to the photo", what: "adapted to the photo" },
};

const ORDER: readonly Stage[] = ["encoder", "latent", "features", "adapted"];

interface Props {
  readonly stages: readonly StageInfo[];
  /** The one that is under way. */
  readonly current?: Stage | null;
}

/** What each stage came to. */
export function Stages({ stages, current = null }: Props) {
  return (
    <ol class="stages" data-testid="stages">
      {ORDER.map((stage) => {
        const found = stages.find((one) => one.stage === stage);
        const psnr = found?.psnr ?? null;
        return (
          <li
            key={stage}
            class={stage === current ? "current" : psnr === null ? "open" : ""}
            data-testid={`stage-${stage}`}
          >
            <b>{STAGE_NAMES[stage].name}</b>
            <span class="figure">{psnr === null ? "–" : `${psnr.toFixed(1)} dB`}</span>
            <small>
              {STAGE_NAMES[stage].what}
              {current === null && found?.seconds ? ` · ${shortTime(found.seconds)}` : ""}
            </small>
          </li>
        );
      })}
    </ol>
  );
}

const shortTime = (seconds: number): string =>
  seconds < 10 ? `${seconds.toFixed(1)} s` : seconds < 90 ? `${Math.round(seconds)} s` : duration(seconds);
