import { useState } from "preact/hooks";
import { api, type LayerInfo, type ModelInfo } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import { Button, Notice, Select } from "../../kit/controls";
import { useLoaded } from "../../kit/hooks";
import { JobProgress } from "../../kit/JobProgress";
import { isActive, useJob } from "../../kit/jobs";
import { VerbLine } from "../../kit/VerbLine";

const AMOUNTS = ["200", "1000", "5000"] as const;

/** Where nothing is known of a layer yet: find out. */
export function DissectPanel(props: { model: ModelInfo; layer: LayerInfo; onDone: () => void }) {
  const { model, layer, onDone } = props;
  const studio = useLoaded("studio", api.studio);
  const offered = model.segmenter === null ? (studio.value?.segmenters ?? []) : [];
  const [picked, setPicked] = useState("");
  const segmenter = offered.find((name) => name === picked) ?? offered[0] ?? null;
  const [images, setImages] = useState<(typeof AMOUNTS)[number]>(`${DEFAULTS.DissectionRequest.images}`);
  const { job, problem, start, cancel } = useJob(
    (one) => one.kind === "dissection" && one.model === model.name && one.layer === layer.name,
    onDone,
  );
  const request = {
    model: model.argument,
    out: "report",
    layer: layer.name,
    images: Number(images),
    segmenter,
  };
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
          {segmenter !== null && (
            <Select
              label="Labels by"
              value={segmenter}
              choices={offered.map((value) => ({ value, label: value }))}
              testid="dissect-segmenter"
              onChange={setPicked}
            />
          )}
          <Button
            kind="primary"
            icon="flask"
            label="Dissect"
            testid="dissect"
            onClick={() =>
              start(() => api.startDissection(model.name, layer.name, Number(images), segmenter))
            }
          />
        </div>
      )}
      {segmenter !== null && (
        <p class="hint">
          {model.name} names nothing that labels its pictures. {segmenter} knows the concepts of its own world
          and may be wrong about these.
        </p>
      )}
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      {problem && (
        <p class="problem" role="alert">
          {problem.title}: {problem.detail} {problem.hint}
        </p>
      )}
      <VerbLine verb="dissect" request={request} />
    </Notice>
  );
}
