import { address, api, type ModelInfo } from "../api/client";
import { go, router, show } from "../app/router";
import { compact } from "../engine/numbers";
import { openSeed, paint, selectModel } from "../paint/session";
import { Button, Notice } from "../ui/controls";
import { useLoaded, useStore } from "../ui/hooks";
import { LayerMap } from "./LayerMap";

/** Whatever the card says, as text that a person can read. */
function plain(value: unknown): string {
  if (typeof value === "number")
    return Number.isInteger(value) ? value.toLocaleString("en") : value.toPrecision(4);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Facts({ model }: { model: ModelInfo }) {
  const facts: readonly (readonly [string, string | null])[] = [
    ["Architecture", model.architecture],
    ["Picture", model.image_size ? `${model.image_size} × ${model.image_size} pixels` : null],
    ["Parameters", compact(model.parameters)],
    [
      "Latent",
      Object.entries(model.latent)
        .map(([name, size]) => `${name} ${size}`)
        .join(", ") || null,
    ],
    ["Concepts", model.concepts.length > 0 ? `${model.concepts.length}: ${model.concepts.join(", ")}` : null],
    ["Segmenter", model.segmenter],
    [
      "World",
      model.world ? `${model.world}${model.world_hash ? ` (${model.world_hash.slice(0, 12)})` : ""}` : null,
    ],
    ["Source", model.source],
    ["Licence", model.licence],
  ];
  return (
    <dl class="facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

async function paintWith(model: ModelInfo): Promise<void> {
  if (paint.get().model?.name !== model.name) {
    await selectModel(model, "");
    await openSeed(0);
  }
  go("paint");
}

function ModelCard({ model, open }: { model: ModelInfo; open: boolean }) {
  const training = Object.entries(model.training);
  return (
    <article class="panel model" data-testid={`model-${model.name}`}>
      <header>
        <div>
          <h2>{model.name}</h2>
          <p class="hint">{model.description || model.kind}</p>
        </div>
        {model.paintable && (
          <div class="model-pictures">
            {[1, 2, 3, 4].map((seed) => (
              <img
                key={seed}
                src={address.picture(model.name, seed)}
                alt=""
                width="64"
                height="64"
                loading="lazy"
              />
            ))}
          </div>
        )}
      </header>
      <div class="row">
        {model.paintable && (
          <Button kind="primary" icon="brush" label="Paint with it" onClick={() => void paintWith(model)} />
        )}
        {model.kind === "generator" && (
          <Button icon="units" label="Its units" onClick={() => go("units", { model: model.name })} />
        )}
      </div>
      <details open={open} onToggle={(event) => event.currentTarget.open && show({ model: model.name })}>
        <summary>Layers and provenance</summary>
        {model.layers.length > 0 && <LayerMap model={model} />}
        <Facts model={model} />
        {training.length > 0 && (
          <>
            <h3>Training</h3>
            <dl class="facts">
              {training.map(([name, value]) => (
                <div key={name}>
                  <dt>{name.replaceAll("_", " ")}</dt>
                  <dd>{plain(value)}</dd>
                </div>
              ))}
            </dl>
          </>
        )}
      </details>
    </article>
  );
}

/** The models that are here, and what is known of them. */
export function ModelsPage() {
  const { route } = useStore(router, "route");
  const { value, problem } = useLoaded("models", api.models);
  if (problem) return <Notice {...problem} />;
  const models = value?.models ?? [];
  return (
    <div class="models-page">
      <div class="row page-head">
        <h1>Models</h1>
      </div>
      {value && models.length === 0 && (
        <Notice title="No models here" detail="None is shipped with this build." />
      )}
      {models.map((model, index) => (
        <ModelCard
          key={model.name}
          model={model}
          open={route.query.model ? route.query.model === model.name : index === 0}
        />
      ))}
    </div>
  );
}
