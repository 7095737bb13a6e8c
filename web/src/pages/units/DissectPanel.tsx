import { useState } from "preact/hooks";
import { api, type LayerInfo, type ModelInfo } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import {
  Button,
  isActive,
  JobProgress,
  Notice,
  Select,
  studioModels,
  useFollower,
  useStore,
  VerbLine,
} from "../../kit";

const AMOUNTS = ["200", "1000", "5000"] as const;
type Amount = (typeof AMOUNTS)[number];

/** Where nothing is known of a layer yet: find out. */
export function DissectPanel(props: { model: ModelInfo; layer: LayerInfo; onDone: () => void }) {
  const { model, layer, onDone } = props;
  const { info } = useStore(studioModels);
  const offered = model.segmenter === null ? (info?.segmenters ?? []) : [];
  const [picked, setPicked] = useState("");
  const segmenter = offered.find((name) => name === picked) ?? offered[0] ?? null;
  const [images, setImages] = useState<Amount>(`${DEFAULTS.DissectionRequest.images}`);
  const { follower, start } = useFollower(
    (one) => one.kind === "dissection" && one.model === model.name && one.layer === layer.name,
    onDone,
  );
  const { job } = useStore(follower.store);
  const count = Number(images);
  const dissect = () => start(() => api.startDissection(model.name, layer.name, count, segmenter));
  return (
    <Notice
      title={isActive(job) ? `Looking into ${layer.name}` : `Nobody has looked into ${layer.name} yet`}
      detail={`Inscape generates pictures, labels what is in them, and finds out which of the ${layer.units} units agree with which concept.`}
    >
      {!isActive(job) && (
        <div class="row">
          <Select
            label="Pictures"
            value={images}
            choices={AMOUNTS}
            testid="dissect-images"
            onChange={setImages}
          />
          {segmenter !== null && (
            <Select
              label="Labels by"
              value={segmenter}
              choices={offered}
              testid="dissect-segmenter"
              onChange={setPicked}
            />
          )}
          <Button kind="primary" icon="flask" label="Dissect" testid="dissect" onClick={dissect} />
        </div>
      )}
      {segmenter !== null && (
        <p class="hint">
          {model.name} names nothing that labels its pictures. {segmenter} knows the concepts of its own world
          and may be wrong about these.
        </p>
      )}
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      <JobProgress follower={follower} what={`Dissecting ${layer.name}`} />
      <VerbLine
        verb="dissect"
        request={{ model: model.argument, out: "report", layer: layer.name, images: count, segmenter }}
      />
    </Notice>
  );
}
