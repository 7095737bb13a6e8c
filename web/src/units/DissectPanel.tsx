import { useState } from "preact/hooks";
import { api, type LayerInfo } from "../api/client";
import { CommandLine } from "../ui/CommandLine";
import { Button, Notice, Select } from "../ui/controls";
import { JobProgress } from "./JobProgress";
import { isActive, useJob } from "./jobs";

const AMOUNTS = ["200", "1000", "5000"] as const;

/** Where nothing is known of a layer yet: find out. */
export function DissectPanel(props: { model: string; layer: LayerInfo; onDone: () => void }) {
  const { model, layer, onDone } = props;
  const [images, setImages] = useState<(typeof AMOUNTS)[number]>("1000");
  const { job, problem, start, cancel } = useJob(
    (one) => one.kind === "dissection" && one.model === model && one.layer === layer.name,
    onDone,
  );
  const active = job !== null && isActive(job);
  return (
    <Notice
      title={active ? `Looking into ${layer.name}` : `Nobody has looked into ${layer.name} yet`}
      detail={`Inscape generates pictures, labels what is in them, and finds out which of the ${layer.units} units agree with which concept.`}
    >
      {active && job ? (
        <JobProgress job={job} onCancel={cancel} />
      ) : (
        <div class="row">
          <Select
            label="Pictures"
            value={images}
            choices={AMOUNTS.map((value) => ({ value, label: value }))}
            testid="dissect-images"
            onChange={setImages}
          />
          <Button
            kind="primary"
            icon="flask"
            label="Dissect"
            testid="dissect"
            onClick={() => start(() => api.startDissection(model, layer.name, Number(images)))}
          />
        </div>
      )}
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      {problem && (
        <p class="problem" role="alert">
          {problem.title}: {problem.detail} {problem.hint}
        </p>
      )}
      <CommandLine line={`inscape dissect ${model} --layer ${layer.name} --images ${images}`} />
    </Notice>
  );
}
