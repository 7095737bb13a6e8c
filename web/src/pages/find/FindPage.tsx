import { type JobInfo, json, type LayerInfo, type ModelInfo, part } from "../../api/client";
import { DEFAULTS } from "../../api/defaults";
import type { components } from "../../api/types";
import { oneOf } from "../../engine/route";
import {
  Button,
  isActive,
  JobProgress,
  OfLayer,
  router,
  Select,
  show,
  Trouble,
  useFollower,
  useLoaded,
  useStore,
  VerbLine,
} from "../../kit";
import { Found } from "./Found";
import { type By, countShown, ShowPanel } from "./ShowPanel";

const AMOUNTS = ["200", "1000", "5000"] as const;
const WAYS: readonly By[] = ["strokes", "examples"];

const path = (model: string) => `api/models/${part(model)}/find`;

interface Props {
  readonly model: ModelInfo;
  readonly layer: LayerInfo;
}

/** What is looked for, the job that looks, and the line that does the same. */
function Look({ model, layer, onDone }: Props & { onDone: () => void }) {
  const { query } = useStore(router).route;
  const by = oneOf(query.by, WAYS, "strokes");
  const text = query.show ?? "";
  const images = oneOf(query.images, AMOUNTS, `${DEFAULTS.FindRequest.images}`);
  const asked = { layer: layer.name, by, show: text, images: Number(images) };
  const { follower, start } = useFollower((job) => job.kind === "find" && job.model === model.name, onDone);
  const { job } = useStore(follower.store);
  const look = () => {
    show({ found: "" }); // the newest is shown, which this becomes
    start(() => json<JobInfo>(path(model.name), "POST", asked));
  };
  const nothing = countShown(by, text) === 0;
  return (
    <>
      <ShowPanel key={by} model={model} by={by} text={text} />
      <section class="panel" aria-label="Look for units">
        {!isActive(job) && (
          <div class="row">
            <Select
              label="Among"
              value={images}
              choices={AMOUNTS.map((value) => ({ value, label: `${value} pictures` }))}
              testid="find-images"
              onChange={(value) => show({ images: value })}
            />
            <Button
              kind="primary"
              icon="target"
              label="Find units"
              testid="find-start"
              disabled={nothing}
              onClick={look}
            />
            {nothing && <p class="hint">First show what you mean, above.</p>}
          </div>
        )}
        <JobProgress follower={follower} what="Looking for units" />
        {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
        {!nothing && <VerbLine verb="find" request={{ ...asked, model: model.argument }} />}
      </section>
    </>
  );
}

function Search({ model, layer }: Props) {
  const { query } = useStore(router).route;
  const { value, problem, reload } = useLoaded(model.name, () =>
    json<components["schemas"]["SearchList"]>(path(model.name)),
  );
  const all = value?.searches ?? [];
  const search = all.find((one) => one.id === query.found) ?? all[0];
  return (
    <>
      <Look model={model} layer={layer} onDone={reload} />
      <Trouble problem={problem} />
      {search && <Found key={search.id} all={all} search={search} />}
    </>
  );
}

export function FindPage() {
  return (
    <OfLayer
      title="Find"
      fits={() => true}
      none="There is no model with units to search."
      about="Show something that no brush is named after, and see which units draw it."
    >
      {(model, layer) => <Search key={model.name} model={model} layer={layer} />}
    </OfLayer>
  );
}
