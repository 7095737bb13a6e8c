import { useState } from "preact/hooks";
import { type JobInfo, json, type LayerInfo, type ModelInfo, part } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { components } from "../../api/types";
import {
  Button,
  isActive,
  JobProgress,
  OfLayer,
  router,
  Slider,
  show,
  Trouble,
  useDissecting,
  useFollower,
  useLoaded,
  useStore,
  VerbLine,
} from "../../kit";
import { Found } from "./Found";

const AMOUNTS = ["400", "2000", "10000"];
const USUAL = DEFAULTS.ArtifactsRequest;
const MOST_OFF = 64;

const path = (model: string) => `api/models/${part(model)}/artifacts`;

interface Props {
  readonly model: ModelInfo;
  readonly layer: LayerInfo;
}

/** What is asked for, the job that finds it out, and the line that does the same. */
function Look({ model, layer, onDone }: Props & { onDone: () => void }) {
  const dissecting = useDissecting(model, USUAL.images, "artifacts", AMOUNTS);
  const [off, setOff] = useState<number>(USUAL.top);
  const [controls, setControls] = useState<number>(USUAL.controls);
  const most = Math.min(MOST_OFF, layer.units - 1);
  const { images, segmenter } = dissecting;
  const asked = { layer: layer.name, images, top: Math.min(off, most), controls, segmenter };
  const { follower, start } = useFollower(
    (job) => job.kind === "artifacts" && job.model === model.name,
    onDone,
  );
  const { job } = useStore(follower.store);
  const look = () => {
    show({ found: "" }); // the newest is shown, which this becomes
    start(() => json<JobInfo>(path(model.name), "POST", asked));
  };
  return (
    <section class="panel" aria-label="Look for artifacts">
      {!isActive(job) && (
        <div class="row artifacts-fields">
          {dissecting.fields}
          <Slider
            label="Units off"
            value={asked.top}
            range={[1, most, 1]}
            testid="artifacts-off"
            hint="How many of the worst units are switched off"
            onChange={setOff}
          />
          <Slider
            label="Random sets"
            value={controls}
            range={[2, 50, 1]}
            testid="artifacts-controls"
            hint="As many random units are switched off, so often"
            onChange={setControls}
          />
          <Button
            kind="primary"
            icon="flask"
            label="Find artifacts"
            testid="artifacts-start"
            onClick={look}
          />
        </div>
      )}
      {dissecting.hint}
      <JobProgress follower={follower} what="Looking for artifacts" />
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      <VerbLine verb="artifacts" request={{ ...asked, model: model.argument }} />
    </section>
  );
}

function Artifacts({ model, layer }: Props) {
  const { query } = useStore(router).route;
  const { value, problem, reload } = useLoaded(model.name, () =>
    json<components["schemas"]["ArtifactsList"]>(path(model.name)),
  );
  const all = value?.measured ?? [];
  const found = all.find((one) => one.id === query.found) ?? all[0];
  return (
    <>
      <Look model={model} layer={layer} onDone={reload} />
      <Trouble problem={problem} />
      {found && <Found key={found.id} model={model} all={all} found={found} />}
    </>
  );
}

export function ArtifactsPage() {
  return (
    <OfLayer
      title="Artifacts"
      about="Units whose strongest pictures look least like real ones, and pictures without them. Half of the pictures choose the units, the other half measure what switching them off does."
      fits={(model) => model.world !== null}
      none="It takes a generator whose card names a world of real pictures. In a terminal, `inscape artifacts --real FOLDER` takes your own."
    >
      {(model, layer) => <Artifacts key={model.name} model={model} layer={layer} />}
    </OfLayer>
  );
}
