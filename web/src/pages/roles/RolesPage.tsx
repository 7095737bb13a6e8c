import { type JobInfo, json, type ModelInfo, part } from "../../api/client";
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

type Offers = components["schemas"]["RolesOffers"];
type Offer = Offers["classifiers"][number];

const AMOUNTS = ["200", "500", "1000", "2000", "5000"] as const;

const path = (model: string) => `api/models/${part(model)}/roles`;

interface Props {
  readonly model: ModelInfo;
  readonly offer: Offer;
}

/** What is asked for, the job that measures it, and the line that does the same. */
function Measure({ model, offer, onDone }: Props & { onDone: () => void }) {
  const { query } = useStore(router).route;
  const images = oneOf(query.images, AMOUNTS, `${DEFAULTS.RolesRequest.images}`);
  const of = oneOf(query.of, offer.classes, offer.classes[0] ?? "");
  const names = model.layers.map((one) => one.name);
  const layer = oneOf(query.layer, names, model.default_layer ?? names[0] ?? "");
  const asked = { layer, of_class: of, images: Number(images) };
  const { follower, start } = useFollower((job) => job.kind === "roles" && job.model === model.name, onDone);
  const { job } = useStore(follower.store);
  const measure = () => {
    show({ found: "" }); // the newest is shown, which this becomes
    start(() => json<JobInfo>(path(model.name), "POST", asked));
  };
  return (
    <section class="panel" aria-label="Measure roles">
      {!isActive(job) && (
        <div class="row">
          <Select
            label="Class"
            value={of}
            choices={offer.classes}
            testid="roles-class"
            onChange={(value) => show({ of: value })}
          />
          <Select
            label="Layer"
            value={layer}
            choices={model.layers.map(({ name, units }) => ({
              value: name,
              label: `${name} · ${units} units`,
            }))}
            testid="roles-layer"
            onChange={(value) => show({ layer: value })}
          />
          <Select
            label="Pictures"
            value={images}
            choices={AMOUNTS}
            testid="roles-images"
            onChange={(value) => show({ images: value })}
          />
          <Button kind="primary" icon="flask" label="Measure roles" testid="roles-start" onClick={measure} />
        </div>
      )}
      <JobProgress follower={follower} what="Measuring roles" />
      {job?.state === "cancelled" && <p class="hint">Stopped.</p>}
      <VerbLine verb="roles" request={{ ...asked, model: model.argument }} />
    </section>
  );
}

function Measured({ model, offer }: Props) {
  const { value, problem, reload } = useLoaded(model.name, () => json<ReportList>(path(model.name)));
  return (
    <>
      <Measure model={model} offer={offer} onDone={reload} />
      <Trouble problem={problem} />
      {value && <KeptReport path={path(model.name)} all={value.reports} />}
    </>
  );
}

/** Why a model that the address names has no roles here. */
function Needs({ named }: { named: ModelInfo | undefined }) {
  return (
    <div data-testid="roles-needs">
      <Notice
        title={named ? `Roles of ${named.name} cannot be measured here` : "No classifier of scenes here"}
        detail="This page needs a classifier whose classes a world has scenes of, such as town-classifier."
        {...(named?.classifies
          ? {
              hint: `\`inscape roles ${named.name} --class C --source FOLDER\` shows it photos, with a folder for each class.`,
            }
          : {})}
      />
    </div>
  );
}

export function RolesPage() {
  const { query } = useStore(router).route;
  const { info, models, problem } = useModels();
  const offers = useLoaded("roles", () => json<Offers>("api/roles/classifiers"));
  const offered = offers.value?.classifiers ?? [];
  const trouble = problem ?? offers.problem;
  if (trouble) return <Notice {...trouble} />;
  if (!info || !offers.value) return <p class="hint">Loading…</p>;
  const named = models.find((one) => one.name === query.model);
  const offer = offered.find((one) => one.name === query.model) ?? (named ? undefined : offered[0]);
  const model = models.find((one) => one.name === offer?.name);
  return (
    <div class="roles-page">
      <div class="row page-head">
        <h1>Roles</h1>
        {offered.length > 0 && (
          <Select
            label="Model"
            value={model?.name ?? ""}
            choices={[
              ...(model ? [] : [{ value: "", label: named?.name ?? "" }]),
              ...offered.map((one) => one.name),
            ]}
            testid="roles-model"
            onChange={(name) => name && show({ model: name, layer: "", of: "", found: "" }, false)}
          />
        )}
      </div>
      <p class="hint">
        Which units carry a class: how well the class is told with them off, beside random ones, and which
        units an attack towards it moves.
      </p>
      {model && offer ? <Measured key={model.name} model={model} offer={offer} /> : <Needs named={named} />}
    </div>
  );
}
