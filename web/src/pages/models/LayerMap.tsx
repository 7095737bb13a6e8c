import type { ModelInfo } from "../../api/client";
import { go } from "../../kit";

/** The layers in the order of the forward pass: as high as their output, as wide as their units. Click for units. */
export function LayerMap({ model }: { model: ModelInfo }) {
  const most = Math.max(1, ...model.layers.map((layer) => layer.units));
  const largest = Math.max(1, ...model.layers.map((layer) => layer.size));
  const paintable = model.kind === "generator";
  return (
    <>
      <p class="hint">
        As wide as its units, as high as its output.
        {paintable && " Filled: dissected. Framed: the default layer. Choose a layer to see its units."}
      </p>
      <ol class="layer-map" aria-label="Layers">
        {model.layers.map((layer) => {
          const height = 14 + 58 * Math.sqrt(layer.size / largest);
          const width = 10 + 40 * Math.sqrt(layer.units / most);
          const first = layer.name === model.default_layer;
          const content = (
            <>
              <span class="layer-block" style={{ height: `${height}px`, width: `${width}px` }} />
              <b>{layer.name}</b>
              <small>{layer.units} units</small>
              <small>
                {layer.size > 0 && `${layer.size} × ${layer.size}`}
                {layer.dissected && <span class="sr-only">, dissected</span>}
                {first && <span class="sr-only">, the default</span>}
              </small>
            </>
          );
          const classes = `layer ${layer.dissected ? "dissected" : ""} ${first && paintable ? "default" : ""}`;
          return (
            <li key={layer.name}>
              {paintable ? (
                <button
                  type="button"
                  class={classes}
                  data-testid={`layer-${layer.name}`}
                  onClick={() => go("units", { model: model.name, layer: layer.name })}
                >
                  {content}
                </button>
              ) : (
                <span class={classes}>{content}</span>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}
