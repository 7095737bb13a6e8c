import { useLayoutEffect } from "preact/hooks";
import { api, type UnitInfo } from "../../api/client";
import type { UnitRow } from "../../engine/catalogue";
import { signed } from "../../engine/numbers";
import { Button, conceptColour, Dialog, useLoaded } from "../../kit";
import { Histogram } from "./Histogram";
import { Numbers, Pictures } from "./UnitCard";

interface LightboxProps {
  readonly model: string;
  readonly layer: string;
  readonly row: UnitRow;
  readonly onStep: (by: number) => void;
  /** Null where the model draws nothing. */
  readonly onPaint: (() => void) | null;
  readonly onClose: () => void;
}

/** What it matches, and how strong it gets. */
function Detail({ unit, threshold }: { unit: UnitInfo; threshold: number }) {
  return (
    <div class="lightbox-detail">
      <section>
        <h3>What it matches</h3>
        <ol class="matches">
          {unit.concepts.slice(0, 8).map(([concept, iou]) => (
            <li key={concept}>
              <span>{concept}</span>
              <span class="match">
                <span
                  class="match-bar"
                  style={{ width: `${Math.min(100, iou * 160)}%`, background: conceptColour(concept) }}
                />
              </span>
              <span>{iou.toFixed(3)}</span>
            </li>
          ))}
        </ol>
      </section>
      {unit.effects.length > 0 && (
        <section data-testid="unit-effects">
          <h3>What goes with this unit alone off</h3>
          <p>
            {unit.effects
              .slice(0, 5)
              .map(([concept, change]) => `${concept} ${signed(change)}`)
              .join(", ")}
          </p>
        </section>
      )}
      <section>
        <h3>Distribution of activations</h3>
        <Histogram quantiles={unit.quantiles} threshold={threshold} />
      </section>
    </div>
  );
}

/** One unit in full; the arrows, J and K go to its neighbours. */
export function Lightbox({ model, layer, row, onStep, onPaint, onClose }: LightboxProps) {
  const { value, problem } = useLoaded(`${model}/${layer}/${row.unit}`, () =>
    api.unit(model, layer, row.unit),
  );
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const by = { ArrowRight: 1, ArrowDown: 1, j: 1, J: 1, ArrowLeft: -1, ArrowUp: -1, k: -1, K: -1 }[
        event.key
      ];
      if (by === undefined) return;
      event.preventDefault();
      onStep(by);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onStep]);
  return (
    <Dialog title={`Unit ${row.unit} of ${layer}`} onClose={onClose} wide>
      <div class="lightbox" data-testid="lightbox">
        <Pictures row={row} all />
        <p class="hint">Above: the region of its top 1 %. Below: the same pictures unmasked.</p>
        <div class="lightbox-bar">
          <Button kind="icon" icon="left" label="Previous unit (K)" onClick={() => onStep(-1)} />
          <Button kind="icon" icon="right" label="Next unit (J)" onClick={() => onStep(1)} />
          {onPaint && (
            <Button
              kind="primary"
              icon="brush"
              label="Paint with this unit"
              testid="lightbox-paint"
              onClick={onPaint}
            />
          )}
        </div>
        <Numbers row={row} />
        {problem && <p class="problem">{problem.detail}</p>}
        {value && <Detail unit={value} threshold={row.threshold_best} />}
      </div>
    </Dialog>
  );
}
