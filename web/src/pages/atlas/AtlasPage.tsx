import { type JobInfo, json, type ModelInfo } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { components } from "../../api/types";
import { oneOf } from "../../engine/route";
import {
  Button,
  isActive,
  JobProgress,
  KeptReport,
  Notice,
  type ReportList,
  router,
  Select,
  show,
  Trouble,
  useFollower,
  useLoaded,
  useModels,
  useStore,
  VerbLine,
} from "../../kit";

type Offers = components["schemas"]["AtlasOffers"];

const PATH = "api/atlas";
const AMOUNTS = ["200", "500", "1000", "2000"] as const;
const LAYERS = ["default", "all"] as const;

interface ChooseProps {
  readonly list: readonly ModelInfo[];
  readonly chosen: readonly ModelInfo[];
}

/** The classifiers, of which one at least stays chosen; the address holds them. */
function Choose({ list, chosen }: ChooseProps) {
  const toggle = (model: ModelInfo) => {
    const next = list.filter((one) => chosen.includes(one) !== (one === model));
    if (next.length > 0) show({ models: next.map((one) => one.name).join(",") });
  };
  return (
    <fieldset class="atlas-models">
      <legend class="sr-only">Classifiers</legend>
      {list.map((model) => {
        const checked = chosen.includes(model);
        return (
          <label key={model.name}>
            <input
              type="checkbox"
              checked={checked}
              disabled={checked && chosen.length === 1}
              data-testid={`atlas-model-${model.name}`}
              onChange={() => toggle(model)}
            />
            {model.name}
          </label>
        );
      })}
    </fieldset>
  );
}

interface LookProps {
  readonly list: readonly ModelInfo[];
  readonly worlds: readonly string[];
  readonly onDone: () => void;
}

/** What is put side by side, the job that does it, and the line that does the same. */
function Look({ list, worlds, onDone }: LookProps) {
  const { query } = useStore(router).route;
  const names = (query.models ?? "").split(",");
  const known = list.filter((one) => names.includes(one.name));
  const chosen = known.length > 0 ? known : list.slice(0, 1);
  const home = chosen[0]?.world ?? worlds[0] ?? "";
  const source = oneOf(query.source, worlds, home);
  const images = oneOf(query.images, AMOUNTS, `${DEFAULTS.AtlasRequest.images}`);
  const all = chosen.length === 1 && query.layers === "all";
  const asked = { source: source === chosen[0]?.world ? null : source, images: Number(images) };
  const { follower, start } = useFollower((job) => job.kind === "atlas", onDone);
  const { job } = useStore(follower.store);
  const look = () => {
    show({ found: "" }); // the newest is shown, which this becomes
    const models = chosen.map((one) => one.name);
    start(() => json<JobInfo>(PATH, "POST", { ...asked, models, all_layers: all }));
  };
  return (
    <section class="panel" aria-label="Put side by side">
      {!isActive(job) && (
        <>
          <Choose list={list} chosen={chosen} />
          <div class="row">
            {chosen.length === 1 && (
              <Select
                label="Layers"
                value={all ? "all" : "default"}
                choices={LAYERS}
                testid="atlas-layers"
                onChange={(layers) => show({ layers })}
              />
            )}
            <Select
              label="Scenes of"
              value={source}
              choices={worlds}
              testid="atlas-source"
              onChange={(world) => show({ source: world })}
            />
            <Select
              label="Pictures"
              value={images}
              choices={AMOUNTS}
              testid="atlas-images"
              onChange={(value) => show({ images: value })}
            />
            <Button kind="primary" icon="flask" label="Count detectors" testid="atlas-start" onClick={look} />
          </div>
        </>
      )}
      <JobProgress follower={follower} what="Counting detectors" />
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      <VerbLine
        verb="atlas"
        request={{ ...asked, models: chosen.map((one) => one.argument), layers: all ? "all" : null }}
      />
    </section>
  );
}

export function AtlasPage() {
  const { info, models, problem } = useModels();
  const offers = useLoaded("atlas", () => json<Offers>(`${PATH}/offers`));
  const kept = useLoaded("atlases", () => json<ReportList>(PATH));
  const trouble = problem ?? offers.problem;
  if (trouble) return <Notice {...trouble} />;
  if (!info || !offers.value) return <p class="hint">Loading…</p>;
  const { worlds } = offers.value;
  const list = models.filter((one) => one.classifies);
  return (
    <div class="atlas-page">
      <div class="row page-head">
        <h1>Atlas</h1>
      </div>
      <p class="hint">
        What the units of classifiers detect, side by side: the same scenes for all, and beside each count the
        same count with shuffled label maps. Generators have the page Layers.
      </p>
      {list.length > 0 ? (
        <Look list={list} worlds={worlds} onDone={kept.reload} />
      ) : (
        <Notice title="No classifier here" detail="This page needs a classifier of pictures." />
      )}
      <Trouble problem={kept.problem} />
      {kept.value && <KeptReport path={PATH} all={kept.value.reports} />}
    </div>
  );
}
