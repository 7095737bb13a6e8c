import { useEffect, useRef } from "preact/hooks";
import { Notice } from "../../kit/controls";
import { DropVeil, useDropping } from "../../kit/dropping";
import { EaselContext } from "../../kit/easel/easel";
import { useInterval, useStore } from "../../kit/hooks";
import { usePhotoActions } from "./actions";
import { usePhotoAddress } from "./address";
import { ChoosePhoto } from "./ChoosePhoto";
import { FitStep } from "./FitStep";
import { poll } from "./inverting";
import { PaintStep } from "./PaintStep";
import { PhotoStrip } from "./PhotoStrip";
import { ResultStep } from "./ResultStep";
import { RunningStep } from "./RunningStep";
import { bring, photos } from "./session";
import { type Step, stepOf } from "./state";
import { easel } from "./work";

const POLL = 180;

const PARTS = {
  choose: ChoosePhoto,
  fit: FitStep,
  running: RunningStep,
  result: ResultStep,
  paint: PaintStep,
} as const;

/** A photo of one's own: choose the square, watch the generator find it, see what was lost, paint on it. */
export function PhotoPage() {
  const { photo, view, problem, models, loaded } = useStore(
    photos,
    "photo",
    "view",
    "problem",
    "models",
    "loaded",
  );
  const file = useRef<HTMLInputElement>(null);
  const choose = () => file.current?.click();
  const over = useDropping((dropped) => void bring(dropped));
  const step: Step = stepOf({ photo, view });
  usePhotoAddress();
  usePhotoActions(choose);
  useInterval(() => void poll(), step === "running" ? POLL : null);
  useEffect(() => {
    if (step === "paint") easel.look.set({ compare: "off" });
  }, [step]);
  const Part = PARTS[step];
  return (
    <EaselContext.Provider value={easel}>
      <div class="photo-page" data-testid="photo-page" data-step={step}>
        <h1 class="sr-only">Photo</h1>
        {loaded && models.length === 0 ? (
          <Notice
            title="No generator to draw a photo with"
            detail="A photo needs a generator that can be painted with."
            hint="Name one: inscape studio --model FILE"
          />
        ) : (
          <Part onChoose={choose} />
        )}
        {problem && step !== "choose" && (
          <p class="problem" role="alert" data-testid="photo-problem">
            {problem.title}: {problem.detail} {problem.hint}
          </p>
        )}
        {step !== "choose" && <PhotoStrip onChoose={choose} />}
        <input
          ref={file}
          type="file"
          class="sr-only"
          tabIndex={-1}
          aria-label="A photo"
          data-testid="photo-file"
          accept="image/*,.heic,.heif,.avif,.tif,.tiff"
          onChange={(event) => {
            const [chosen] = event.currentTarget.files ?? [];
            event.currentTarget.value = "";
            if (chosen) void bring(chosen);
          }}
        />
        {over && <DropVeil text="Drop the photo anywhere" />}
      </div>
    </EaselContext.Provider>
  );
}
