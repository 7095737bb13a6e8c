import { useEffect, useRef, useState } from "preact/hooks";
import { address, api, type ModelInfo, type Problem, problemOf } from "../../api/client";
import { type Fact, factsOf, trainingOf } from "../../engine/facts";
import { layerFacts } from "../../engine/layers";
import { Button, go, Notice, router, show, useModels, useStore, VerbLine } from "../../kit";
import { LayerMap } from "./LayerMap";
import { OpenCheckpoint } from "./OpenCheckpoint";

const SEEDS = [1, 2, 3, 4] as const;

/** Text in which `commands` stand between backticks. */
function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code key={part}>{part}</code> : part))}</>;
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Prose text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Pictures({ model }: { model: ModelInfo }) {
  return (
    <div class="model-pictures">
      {SEEDS.map((seed) => (
        <button
          key={seed}
          type="button"
          data-testid={`model-picture-${seed}`}
          aria-label={`Paint on picture ${seed}`}
          onClick={() => go("paint", { model: model.name, seed: `${seed}` })}
        >
          <img src={address.picture(model.name, seed)} alt="" width="64" height="64" loading="lazy" />
        </button>
      ))}
    </div>
  );
}

interface CardProps {
  readonly model: ModelInfo;
  readonly open: boolean;
  /** Whether it is to be brought into view. */
  readonly sought: boolean;
  readonly onRemove: () => void;
}

function ModelCard({ model, open, sought, onRemove }: CardProps) {
  const training = trainingOf(model.training);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (sought) card.current?.scrollIntoView({ block: "start" });
  }, [sought]);
  return (
    <article ref={card} class="panel model" data-testid={`model-${model.name}`}>
      <header>
        <div>
          <h2>{model.name}</h2>
          <p class="hint">
            <Prose text={model.description || model.kind} />
          </p>
        </div>
        {model.paintable && <Pictures model={model} />}
      </header>
      {model.kind === "generator" && (
        <div class="row">
          {model.paintable && (
            <Button
              kind="primary"
              icon="brush"
              label="Paint with it"
              testid="model-paint"
              onClick={() => go("paint", { model: model.name })}
            />
          )}
          <Button
            icon="units"
            label="Its units"
            testid="model-units"
            onClick={() => go("units", { model: model.name })}
          />
          {model.removable && <Button kind="quiet" label="Remove" testid="model-remove" onClick={onRemove} />}
        </div>
      )}
      <details
        open={open}
        onToggle={(event) => {
          if (event.currentTarget.open && !open) show({ model: model.name });
        }}
      >
        <summary>Layers and where it comes from</summary>
        {model.kind === "language" ? (
          <Facts facts={layerFacts(model.layers)} />
        ) : (
          model.layers.length > 0 && <LayerMap model={model} />
        )}
        <Facts facts={factsOf(model)} />
        {training.length > 0 && (
          <>
            <h3>Training</h3>
            <Facts facts={training} />
          </>
        )}
      </details>
    </article>
  );
}

/** The models that are here, and what is known of them. */
export function ModelsPage() {
  const { route } = useStore(router);
  const { info, models, problem, reload } = useModels();
  const [failed, setFailed] = useState<Problem | null>(null);
  const [sought, setSought] = useState("");
  if (problem) return <Notice {...problem} />;
  const remove = (model: string) => {
    setFailed(null);
    api.removeModel(model).then(reload, (error: unknown) => setFailed(problemOf(error)));
  };
  const opened = (model: string) => {
    reload();
    show({ model });
    setSought(model);
  };
  const chosen = route.query.model ?? models[0]?.name;
  return (
    <div class="models-page">
      <div class="row page-head">
        <h1>Models</h1>
        <p class="hint" role="status">
          {!info && "Loading…"}
          {info && "Shipped models, models named with "}
          {info && <code>inscape studio --model</code>}
          {info && ", and models that you open here."}
        </p>
      </div>
      {info && models.length === 0 && (
        <Notice
          title="No models here"
          detail="This build ships no models."
          hint="Name one: inscape studio --model FOLDER"
        />
      )}
      {info && <OpenCheckpoint onOpened={opened} />}
      {failed && <Notice {...failed} />}
      {models.map((model) => (
        <ModelCard
          key={model.name}
          model={model}
          open={model.name === chosen}
          sought={model.name === sought}
          onRemove={() => remove(model.name)}
        />
      ))}
      {models.length > 0 && <VerbLine verb="models" request={{}} />}
    </div>
  );
}
