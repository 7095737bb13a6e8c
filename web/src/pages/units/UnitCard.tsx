import { useState } from "preact/hooks";
import type { UnitRow } from "../../engine/catalogue";
import { Button, conceptColour } from "../../kit";

const FIRST = 3;

/**
 * The pictures on which a unit fires most, of a strip of two rows: the upper row has its region marked, the lower one
 * is shown while somebody points at a picture, or below it.
 */
export function Pictures({ row, all = false }: { row: UnitRow; all?: boolean }) {
  const [count, setCount] = useState(2 * FIRST + 2);
  return (
    <span class={`unit-pictures ${all ? "both" : ""}`}>
      {Array.from({ length: all ? count : FIRST }, (_, place) => (
        <span key={place} class="unit-picture" style={{ "--count": count, "--place": place }}>
          <img
            src={row.strip}
            alt={place === 0 ? `Top pictures of unit ${row.unit}` : ""}
            loading="lazy"
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setCount(Math.max(1, Math.round((2 * naturalWidth) / naturalHeight)))
            }
          />
        </span>
      ))}
    </span>
  );
}

const three = (value: number) => value.toFixed(3);

/** How well a unit matches its concept, beside what chance would give. */
export function Match({ row }: { row: UnitRow }) {
  const full = 0.6;
  const share = (value: number) => `${Math.min(100, (100 * value) / full)}%`;
  return (
    <div
      class="match"
      title={`IoU ${three(row.iou_best)} at the best threshold; chance ${three(row.chance)}`}
    >
      <span
        class="match-bar"
        style={{ width: share(row.iou_best), background: conceptColour(row.concept) }}
      />
      <span class="match-chance" style={{ left: share(row.chance) }} />
    </div>
  );
}

export function Numbers({ row }: { row: UnitRow }) {
  return (
    <dl class="numbers">
      <div>
        <dt>IoU, best threshold</dt>
        <dd>{three(row.iou_best)}</dd>
      </div>
      <div>
        <dt>IoU, top 1 %</dt>
        <dd>{three(row.iou)}</dd>
      </div>
      <div>
        <dt>Chance</dt>
        <dd>{three(row.chance)}</dd>
      </div>
      <div>
        <dt>Threshold</dt>
        <dd>{row.threshold_best.toFixed(2)}</dd>
      </div>
    </dl>
  );
}

interface CardProps {
  readonly row: UnitRow;
  readonly onOpen: () => void;
  /** Null where the model draws nothing. */
  readonly onPaint: (() => void) | null;
}

export function UnitCard({ row, onOpen, onPaint }: CardProps) {
  return (
    <li class={`unit ${row.passes ? "" : "unsure"}`} data-testid="unit-row" data-unit={row.unit}>
      <button type="button" class="unit-open" aria-label={`Unit ${row.unit}, look closer`} onClick={onOpen}>
        <Pictures row={row} />
      </button>
      <div class="unit-line">
        <span class="unit-concept" style={{ "--concept": conceptColour(row.concept) }}>
          {row.passes ? row.concept : "no match above chance"}
        </span>
        <span class="unit-number">unit {row.unit}</span>
        {onPaint && (
          <Button
            kind="icon"
            icon="brush"
            label={`Paint with unit ${row.unit}`}
            testid="paint-with"
            onClick={onPaint}
          />
        )}
      </div>
      <Match row={row} />
      <Numbers row={row} />
    </li>
  );
}
