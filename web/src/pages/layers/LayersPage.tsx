import { type JobInfo, json, type ModelInfo, part } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { components } from "../../api/types";
import {
  Button,
  conceptColour,
  go,
  isActive,
  JobProgress,
  type Loaded,
  learnColours,
  Notice,
  router,
  Select,
  show,
  useDissecting,
  useFollower,
  useLoaded,
  useModels,
  useStore,
  VerbLine,
} from "../../kit";

type Comparison = components["schemas"]["Comparison"];
type Row = Comparison["layers"][number];

const path = (model: string) => `api/models/${part(model)}/comparison`;

async function comparisonOf(model: string): Promise<Comparison> {
  const found = await json<Comparison>(path(model));
  learnColours(found.colours);
  return found;
}

/** One layer: a bar as long as the share of its units that match, in the colours of what they match. */
function LayerRow({ model, row }: { model: string; row: Row }) {
  const concepts = Object.entries(row.concepts ?? {});
  return (
    <li>
      <button
        type="button"
        class="compared"
        data-testid={`compared-${row.layer}`}
        onClick={() => go("units", { model, layer: row.layer })}
      >
        <b>{row.layer}</b>
        <small>
          {row.size} × {row.size}
        </small>
        <span class="compared-bar" aria-hidden="true">
          {concepts.map(([concept, count]) => (
            <i
              key={concept}
              title={`${concept}: ${count}`}
              style={{ width: `${(100 * count) / row.units}%`, background: conceptColour(concept) }}
            />
          ))}
        </span>
        <span class="compared-count">
          {row.dissected ? `${row.above_chance} of ${row.units} units` : `${row.units} units · not dissected`}
        </span>
        <small class="compared-names">
          {concepts
            .slice(0, 6)
            .map(([concept, count]) => `${concept} ${count}`)
            .join(" · ")}
        </small>
      </button>
    </li>
  );
}

interface LookProps {
  readonly model: ModelInfo;
  readonly rows: readonly Row[];
  readonly onDone: () => void;
}

/** Look into the layers of which nothing is known, in one run. */
function Look({ model, rows, onDone }: LookProps) {
  const asked = useDissecting(model, DEFAULTS.ComparisonRequest.images, "compare");
  const { images, segmenter } = asked;
  const missing = rows.filter((row) => !row.dissected).map((row) => row.layer);
  const layers = missing.length > 0 ? missing : rows.map((row) => row.layer);
  const { follower, start } = useFollower(
    (job) => job.kind === "comparison" && job.model === model.name,
    onDone,
  );
  const { job } = useStore(follower.store);
  const compare = () => start(() => json<JobInfo>(path(model.name), "POST", { layers, images, segmenter }));
  const known = missing.length === 0 ? "Compare all layers again" : `Compare ${missing.length} layers`;
  return (
    <section class="panel" aria-label="Compare layers of the model">
      {!isActive(job) && (
        <div class="row">
          {asked.fields}
          <Button
            kind={missing.length > 0 ? "primary" : "plain"}
            icon="flask"
            label={known}
            testid="compare"
            onClick={compare}
          />
        </div>
      )}
      {asked.hint}
      <JobProgress follower={follower} what="Comparing layers" />
      <VerbLine
        verb="layers"
        request={{ model: model.argument, layers: layers.join(","), images, segmenter }}
      />
    </section>
  );
}

function Layers({ model, found }: { model: ModelInfo; found: Loaded<Comparison | null> }) {
  if (found.problem) return <Notice {...found.problem} />;
  if (!found.value) return <p class="hint">Loading…</p>;
  return (
    <>
      <p class="hint">
        For each layer, the number of units that match a concept better than chance. Choose a layer to see its
        units.
      </p>
      <ol class="compared-layers" aria-label="Layers">
        {found.value.layers.map((row) => (
          <LayerRow key={row.layer} model={model.name} row={row} />
        ))}
      </ol>
      <Look key={model.name} model={model} rows={found.value.layers} onDone={found.reload} />
    </>
  );
}

export function LayersPage() {
  const { query } = useStore(router).route;
  const { info, models, problem } = useModels();
  const list = models.filter((one) => one.paintable);
  const model = list.find((one) => one.name === query.model) ?? list[0];
  const found = useLoaded(model?.name ?? "", async () => (model ? comparisonOf(model.name) : null));
  if (problem) return <Notice {...problem} />;
  if (info && !model)
    return <Notice title="No generator here" detail="There is no model with layers to compare." />;
  return (
    <div class="layers-page">
      <div class="row page-head">
        <h1>Layers</h1>
        {model && (
          <Select
            label="Model"
            value={model.name}
            choices={list.map((one) => one.name)}
            testid="layers-model"
            onChange={(name) => show({ model: name }, false)}
          />
        )}
      </div>
      {model && <Layers model={model} found={found} />}
    </div>
  );
}
