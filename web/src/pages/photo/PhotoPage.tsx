import { useEffect, useLayoutEffect } from "preact/hooks";
import {
  Button,
  DropVeil,
  FileInput,
  Notice,
  paintable,
  Strip,
  studioModels,
  Trouble,
  useDropping,
  useStore,
} from "../../kit";
import { EaselContext } from "../../kit/easel";
import { ChoosePhoto } from "./ChoosePhoto";
import { FitStep } from "./FitStep";
import { PaintStep } from "./PaintStep";
import { ResultStep } from "./ResultStep";
import { RunningStep } from "./RunningStep";
import { bring, closePhoto, openPhoto, removePhoto, start } from "./session";
import { photos, stepOf } from "./state";
import { easel } from "./work";

const PARTS = {
  choose: ChoosePhoto,
  fit: FitStep,
  running: RunningStep,
  result: ResultStep,
  paint: PaintStep,
} as const;

/** The photos that were brought, and a place for another one. */
function PhotoStrip() {
  const { photos: list, photo, sending } = useStore(photos);
  const thumbs = list.map(({ id, name, state, psnr, small }) => ({
    id,
    testid: `photo-${id}`,
    label: `${name}${state === "ready" ? `, ${psnr?.toFixed(1)} dB` : ""}`,
    picture: small,
    onChoose: () => openPhoto(id),
  }));
  return (
    <Strip label="Photos" class="photo-strip" thumbs={thumbs} chosen={photo?.id ?? ""}>
      {photo && (
        <Button
          kind="icon"
          icon="trash"
          label={`Delete ${photo.name}`}
          testid="delete-photo"
          onClick={() => void removePhoto(photo.id)}
        />
      )}
      <Button label="All photos" icon="folder" testid="all-photos" onClick={closePhoto} />
      <Button
        label={sending ? "Reading…" : "Another photo"}
        icon="plus"
        action="choose-photo"
        testid="another-photo"
        disabled={sending !== ""}
      />
    </Strip>
  );
}

export function PhotoPage() {
  const { photo, view, problem } = useStore(photos);
  const { info } = useStore(studioModels);
  const over = useDropping((dropped) => void bring(dropped));
  const step = stepOf({ photo, view });
  useEffect(() => void start(), []);
  useLayoutEffect(() => {
    if (step === "paint") easel.look.set({ compare: "off" });
  }, [step]);
  const Part = PARTS[step];
  return (
    <EaselContext.Provider value={easel}>
      <div class="photo-page" data-testid="photo-page" data-step={step}>
        <h1 class="sr-only">Photo</h1>
        {info && paintable().length === 0 ? (
          <Notice
            title="No generator to draw a photo with"
            detail="A photo needs a generator that can be painted with."
            hint="Name one: inscape studio --model FILE"
          />
        ) : (
          <Part />
        )}
        {step !== "choose" && <Trouble problem={problem} testid="photo-problem" />}
        {step !== "choose" && <PhotoStrip />}
        <FileInput
          name="photo-file"
          label="A photo"
          accept="image/*,.heic,.heif,.avif,.tif,.tiff"
          onFile={bring}
        />
        {over && <DropVeil text="Drop the photo anywhere" />}
      </div>
    </EaselContext.Provider>
  );
}
