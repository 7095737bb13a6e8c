import { useEffect, useRef, useState } from "preact/hooks";
import { address, api, type ModelInfo, type Problem, problemOf } from "../../api/client";
import { type Fact, factsOf, trainingOf } from "../../engine/facts";
import { Button, Notice } from "../../kit/controls";
import { useLoaded, useStore } from "../../kit/hooks";
import { go, router, show } from "../../kit/router";
import { VerbLine } from "../../kit/VerbLine";
import { paint, paintWith } from "../paint/session";
import { photos } from "../photo/session";
import { rewrite } from "../rewrite/state";
import { LayerMap } from "./LayerMap";
import { OpenCheckpoint } from "./OpenCheckpoint";

const SEEDS = [1, 2, 3, 4] as const;

/** What was opened or removed here is so on the other pages too. */
function offer(all: readonly ModelInfo[]): void {
  const models = all.filter((model) => model.paintable);
  for (const store of [paint, photos, rewrite]) store.set({ models });
}

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
          onClick={() => void paintWith(model, seed)}
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
          <p class="hint">{model.description || model.kind}</p>
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
              onClick={() => void paintWith(model)}
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
        {model.layers.length > 0 && <LayerMap model={model} />}
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
  const { route } = useStore(router, "route");
  const { value, problem, reload } = useLoaded("models", api.models);
  const [failed, setFailed] = useState<Problem | null>(null);
  useEffect(() => {
    if (value) offer(value.models);
  }, [value]);
  const [sought, setSought] = useState("");
  if (problem) return <Notice {...problem} />;
  const remove = (model: string) => {
    setFailed(null);
    api.removeModel(model).then(reload, (error: unknown) => setFailed(problemOf(error)));
  };
  const models = value?.models ?? [];
  const chosen = route.query.model ?? models[0]?.name;
  return (
    <div class="models-page">
      <div class="row page-head">
        <h1>Models</h1>
        {value && (
          <p class="hint">
            What ships, what was named with <code>inscape studio --model</code>, and what you open here.
          </p>
        )}
      </div>
      {!value && (
        <p class="hint" role="status">
          Loading…
        </p>
      )}
      {value && models.length === 0 && (
        <Notice
          title="No models here"
          detail="None is shipped with this build."
          hint="Name one: inscape studio --model FOLDER"
        />
      )}
      {value && (
        <OpenCheckpoint
          onOpened={(model) => {
            reload();
            show({ model });
            setSought(model);
          }}
        />
      )}
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
