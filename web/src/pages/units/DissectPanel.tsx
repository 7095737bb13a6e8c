import { api, type LayerInfo, type ModelInfo } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import {
  Button,
  isActive,
  JobProgress,
  Notice,
  useDissecting,
  useFollower,
  useStore,
  VerbLine,
} from "../../kit";

/** Where nothing is known of a layer yet: find out. */
export function DissectPanel(props: { model: ModelInfo; layer: LayerInfo; onDone: () => void }) {
  const { model, layer, onDone } = props;
  const asked = useDissecting(model, DEFAULTS.DissectionRequest.images, "dissect");
  const { images, segmenter } = asked;
  const { follower, start } = useFollower(
    (one) => one.kind === "dissection" && one.model === model.name && one.layer === layer.name,
    onDone,
  );
  const { job } = useStore(follower.store);
  const dissect = () => start(() => api.startDissection(model.name, layer.name, images, segmenter));
  return (
    <Notice
      title={isActive(job) ? `Dissecting ${layer.name}` : `${layer.name} is not dissected yet`}
      detail={`Inscape draws pictures, labels them, and measures which of the ${layer.units} units match which concept.`}
    >
      {!isActive(job) && (
        <div class="row">
          {asked.fields}
          <Button kind="primary" icon="flask" label="Dissect" testid="dissect" onClick={dissect} />
        </div>
      )}
      {asked.hint}
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      <JobProgress follower={follower} what={`Dissecting ${layer.name}`} />
      <VerbLine
        verb="dissect"
        request={{ model: model.argument, out: "report", layer: layer.name, images, segmenter }}
      />
    </Notice>
  );
}
