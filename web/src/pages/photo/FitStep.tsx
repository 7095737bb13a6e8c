import { address, type PhotoInfo } from "../../api/client";
import { boxText, CLOSEST, type Fit, type FitMode, zoomed, zoomOf } from "../../engine/fit";
import { Button, modelNamed, paintable, Segmented, Select, Slider, useStore, VerbLine } from "../../kit";
import { layerChoice } from "../../kit/easel";
import { FitStage } from "./FitStage";
import { Seen, useImage } from "./Seen";
import { chooseFit, chooseMode } from "./session";
import { photos, SECONDS } from "./state";

const STARTS = [
  { value: "encoder", label: "the encoder's estimate" },
  { value: "average", label: "the average picture" },
] as const;

const MODES: readonly { value: FitMode; label: string; testid: string }[] = [
  { value: "crop", label: "Crop", testid: "fit-crop" },
  { value: "pad", label: "Pad", testid: "fit-pad" },
  { value: "stretch", label: "Stretch", testid: "fit-stretch" },
];

const EXPLAINED: Readonly<Record<FitMode, string>> = {
  crop: "The generator draws the square. Drag or zoom it. The rest of the photo stays as it is.",
  pad: "The whole photo, mirrored beyond its edges to fill the square.",
  stretch: "The whole photo, squeezed into the square.",
};

function Choices() {
  const { model, layer, seconds, start } = useStore(photos);
  const chosen = modelNamed(model);
  const layers = chosen?.layers.slice(0, -1).filter((one) => one.size > 0) ?? [];
  return (
    <>
      <div class="row">
        <Select
          label="Generator"
          value={model}
          choices={paintable().map(({ name, image_size: size }) => ({
            value: name,
            label: `${name} · ${size} pixels`,
          }))}
          testid="photo-model"
          onChange={(value) => photos.set({ model: value, layer: "" })}
        />
        <Select
          label="Time"
          value={String(seconds)}
          choices={SECONDS.map((value) => ({ value: String(value), label: `at most ${value} seconds` }))}
          testid="photo-seconds"
          onChange={(value) => photos.set({ seconds: Number(value) })}
        />
      </div>
      <details class="more">
        <summary>Advanced</summary>
        <div class="row">
          <Select
            label="Paint from layer"
            value={layer || (chosen?.default_layer ?? "")}
            choices={layers.map(layerChoice)}
            testid="photo-layer"
            onChange={(value) => photos.set({ layer: value })}
          />
          <Select
            label="Start from"
            value={start}
            choices={STARTS}
            testid="photo-start"
            onChange={(value) => photos.set({ start: value })}
          />
        </div>
      </details>
    </>
  );
}

/** The line that would invert the photo. */
function Line({ photo, fit }: { photo: PhotoInfo; fit: Fit }) {
  const { model, seconds, layer, start } = useStore(photos);
  const request = {
    photo: photo.name,
    model: modelNamed(model)?.argument ?? model,
    box: boxText(fit),
    seconds,
    layer: layer || null,
    start,
  };
  return <VerbLine verb="invert" request={request} />;
}

/** Choose the square, the generator and the time, then let it draw. */
export function FitStep() {
  const { photo, fit, model } = useStore(photos);
  const image = useImage(photo ? address.photo(photo.id) : null);
  if (!photo || !fit) return null;
  const size = modelNamed(model)?.image_size ?? 64;
  return (
    <div class="photo-work">
      <FitStage photo={photo} fit={fit} image={image} />
      <section class="panel photo-panel" aria-label="The square">
        <h2>
          {photo.name} <small>{`${photo.width} × ${photo.height}`}</small>
        </h2>
        <Segmented
          label="How the photo becomes a square"
          value={fit.mode}
          choices={MODES}
          onChange={chooseMode}
        />
        <p class="hint">{EXPLAINED[fit.mode]}</p>
        {fit.mode === "crop" && (
          <Slider
            label="Zoom"
            testid="fit-zoom"
            value={Math.log2(zoomOf(fit, photo))}
            range={[0, Math.log2(CLOSEST), 0.01]}
            shown={`${zoomOf(fit, photo).toFixed(1)} ×`}
            onChange={(value) => chooseFit(zoomed(fit, photo, 2 ** value))}
          />
        )}
        <figure class="seen">
          <Seen photo={photo} fit={fit} size={size} label="The generator's input" />
          <figcaption>
            What the generator sees: {size} × {size} pixels
          </figcaption>
        </figure>
        <Choices />
        <Button kind="primary" icon="play" label="Invert" action="execute" testid="invert" />
        <Line photo={photo} fit={fit} />
      </section>
    </div>
  );
}
