import type { ModelInfo } from "../api/client";
import { go } from "../app/router";

/** The layers in the order of the forward pass: as high as their output, as wide as their units. Click for units. */
export function LayerMap({ model }: { model: ModelInfo }) {
  const most = Math.max(1, ...model.layers.map((layer) => layer.units));
  const largest = Math.max(1, ...model.layers.map((layer) => layer.size));
  return (
    <ol class="layer-map" aria-label="Layers">
      {model.layers.map((layer) => {
        const height = 14 + 58 * Math.sqrt(layer.size / largest);
        const width = 10 + 40 * Math.sqrt(layer.units / most);
        const first = layer.name === model.default_layer;
        const shape = `${layer.units} units${layer.size ? ` of ${layer.size} × ${layer.size}` : ""}`;
        const block = <span class="layer-block" style={{ height: `${height}px`, width: `${width}px` }} />;
        const text = (
          <span class="layer-text">
            <b>{layer.name}</b>
            <small>
              {layer.units}
              {layer.size > 0 && ` · ${layer.size}²`}
              {layer.dissected && <span class="sr-only">, dissected</span>}
            </small>
          </span>
        );
        const classes = `layer ${layer.dissected ? "dissected" : ""} ${first ? "default" : ""}`;
        return (
          <li key={layer.name}>
            {model.kind === "generator" ? (
              <button
                type="button"
                class={classes}
                data-tip={`${shape}${layer.dissected ? ", dissected" : ""}${first ? ", the default" : ""}`}
                onClick={() => go("units", { model: model.name, layer: layer.name })}
              >
                {block}
                {text}
              </button>
            ) : (
              <span class={classes} title={shape}>
                {block}
                {text}
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
