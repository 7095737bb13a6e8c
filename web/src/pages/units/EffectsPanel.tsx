import { useState } from "preact/hooks";
import { api, type ModelInfo, type ReportInfo } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import { resultOf } from "../../engine/results";
import { Button, isActive, JobProgress, Select, Slider, useFollower, useStore, VerbLine } from "../../kit";
import { EffectResult } from "./EffectResult";

const AMOUNTS = ["50", "200", "1000"] as const;

/** Concepts that units match first: for the others there is only an order. */
function choicesOf(report: ReportInfo): { value: string; label: string }[] {
  const matched = report.matches ?? {};
  const names = Object.keys(report.orders ?? {});
  const known = names.filter((name) => matched[name]);
  const others = names.filter((name) => !matched[name]);
  return [
    ...known.map((name) => ({ value: name, label: name })),
    ...others.map((name) => ({ value: name, label: `${name} · no unit matches it` })),
  ];
}

const ORDERED = {
  alpha: "The optimised set (α) orders them.",
  effect: "What each causes alone orders them.",
  iou: "Their overlap orders them, because this report holds no causes.",
} as const;

interface Props {
  readonly model: ModelInfo;
  readonly report: ReportInfo;
  /** The concept that the catalogue shows. */
  readonly chosen: string;
}

/** What is to be measured, and the fields that choose it. */
function useChoices({ report, chosen }: Props) {
  const choices = choicesOf(report);
  const names = choices.map((choice) => choice.value);
  const [picked, setPicked] = useState("");
  const [count, setCount] = useState(20);
  const [images, setImages] = useState<(typeof AMOUNTS)[number]>(`${DEFAULTS.EffectsRequest.images}`);
  const concept = [picked, chosen, "tree"].find((name) => names.includes(name)) ?? names[0] ?? "";
  const most = Math.min(40, report.units?.length ?? 40);
  const off = Math.min(count, most);
  const order = report.orders?.[concept];
  const units = (order?.units ?? []).slice(0, off);
  const fields = (
    <div class="row">
      <Select
        label="Concept"
        value={concept}
        choices={choices}
        testid="effect-concept"
        onChange={setPicked}
      />
      <Select label="Pictures" value={images} choices={AMOUNTS} testid="effect-images" onChange={setImages} />
      <Slider label="Units off" value={off} range={[1, most, 1]} testid="effect-units" onChange={setCount} />
    </div>
  );
  const said = order && ORDERED[order.rank];
  const asked = { ...DEFAULTS.EffectsRequest, layer: report.layer, concept, images: Number(images) };
  return { asked, units, fields, said };
}

/** Correlation is not cause: switch the units of a concept off and measure what goes. */
export function EffectsPanel(props: Props) {
  const { model, report } = props;
  const { asked, units, fields, said } = useChoices(props);
  const { follower, start } = useFollower(
    (one) => one.kind === "effects" && one.model === model.name && one.layer === report.layer,
  );
  const { job, problem } = useStore(follower.store);
  const effect = job?.state === "done" ? resultOf("effect", job.result) : null;
  const segmenter = model.segmenter === null ? (report.segmenter ?? null) : null;
  return (
    <details class="panel effects" data-testid="effects" open={job !== null || problem !== null || undefined}>
      <summary>
        <h2>What do the units cause?</h2>
      </summary>
      <p class="hint">
        A match is not a cause. This switches off the first units of a concept in new pictures, and compares
        the change of its area with random units. {said}
      </p>
      {fields}
      {!isActive(job) && (
        <Button
          kind="primary"
          icon="flask"
          label="Measure"
          testid="effect-start"
          disabled={units.length === 0}
          onClick={() => start(() => api.startEffects(model.name, { ...asked, units }))}
        />
      )}
      <JobProgress follower={follower} what="Measuring" />
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      {effect && <EffectResult effect={effect} />}
      <VerbLine
        verb="effect"
        request={{ ...asked, model: model.argument, units: units.join(","), segmenter }}
      />
    </details>
  );
}
