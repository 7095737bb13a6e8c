import { type Operation, operationLabel } from "../engine/history";
import { countCells } from "../engine/mask";
import { formatUnits, percent } from "../engine/numbers";
import { conceptColour } from "../engine/palette";
import { Button } from "../ui/controls";
import { useStore } from "../ui/hooks";
import { Icon } from "../ui/Icon";
import { paint, painter } from "./session";
import { deleteStroke } from "./usePaintActions";

const highlight = (operation: Operation) => () =>
  paint.set({ highlighted: operation.kind === "stroke" ? operation.stroke : null });
const darken = () => paint.set({ highlighted: null });

function detail(operation: Operation): string {
  if (operation.kind !== "stroke") return "";
  const { stroke } = operation;
  const cells = countCells(stroke.mask);
  const where = `${cells} ${cells === 1 ? "cell" : "cells"} of ${stroke.brush.layer}`;
  return `${where} · ${percent(stroke.strength)}`;
}

function Row({ operation, index }: { operation: Operation; index: number }) {
  const { history } = painter;
  const { cursor, operations } = history;
  const placed = operation.kind === "stroke" ? history.find(operation.stroke.id) : undefined;
  const label = operationLabel(operation, operations);
  const state = index >= cursor ? "future" : operation.kind === "stroke" && !placed ? "gone" : "";
  const colour = operation.kind === "stroke" ? conceptColour(operation.stroke.brush.concept) : "transparent";
  return (
    <li
      class={`step ${state} ${placed?.hidden ? "hidden-stroke" : ""}`}
      data-testid="history-item"
      onMouseEnter={highlight(operation)}
      onMouseLeave={darken}
    >
      <button
        type="button"
        class="step-jump"
        aria-current={index === cursor - 1 ? "step" : undefined}
        onFocus={highlight(operation)}
        onBlur={darken}
        onClick={() => painter.jump(index + 1)}
      >
        <span class="step-dot" style={{ background: colour }} />
        <span class="step-text">
          <b>{label}</b>
          {detail(operation) && <small>{detail(operation)}</small>}
        </span>
      </button>
      {placed && (
        <>
          <Button
            kind="icon"
            icon={placed.hidden ? "hidden" : "eye"}
            label={placed.hidden ? "Show this stroke" : "Hide this stroke"}
            testid="history-hide"
            pressed={placed.hidden}
            onClick={() => painter.setHidden(placed.stroke.id, !placed.hidden)}
          />
          <Button
            kind="icon"
            icon="trash"
            label="Delete this stroke"
            testid="history-delete"
            onClick={() => deleteStroke(placed.stroke.id)}
          />
        </>
      )}
    </li>
  );
}

function Branches() {
  const { branches } = painter.history;
  if (branches.length === 0) return null;
  return (
    <ul class="branches">
      {branches.map((branch, index) => (
        <li key={`${branch.at}-${branch.operations.length}-${index}`}>
          <button
            type="button"
            class="menu-item"
            data-testid="history-branch"
            onClick={() => painter.restore(index)}
          >
            <Icon name="branch" size={18} />
            <span>
              Bring back {branch.operations.length === 1 ? "a step" : `${branch.operations.length} steps`}{" "}
              undone after step {branch.at}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What was done, newest first: jump anywhere, hide or delete single strokes, bring back what was undone. */
export function HistoryPanel() {
  const { version, units, milliseconds } = useStore(paint);
  const { operations, cursor } = painter.history;
  const rows = operations.map((operation, index) => ({ operation, index })).reverse();
  return (
    <section class="panel history" aria-label="History" data-version={version}>
      <h2>
        History{" "}
        <small>
          {cursor === operations.length ? operations.length : `${cursor} of ${operations.length}`}
        </small>
      </h2>
      <ol class="steps" reversed>
        {rows.map(({ operation, index }) => (
          <Row key={index} operation={operation} index={index} />
        ))}
        <li class="step">
          <button
            type="button"
            class="step-jump"
            aria-current={cursor === 0 ? "step" : undefined}
            onClick={() => painter.jump(0)}
          >
            <span class="step-dot start" />
            <span class="step-text">
              <b>The picture as it was</b>
            </span>
          </button>
        </li>
      </ol>
      <Branches />
      {units.length > 0 && (
        <details class="more fired">
          <summary>
            The last stroke set {units.length} {units.length === 1 ? "unit" : "units"}
          </summary>
          <p data-testid="fired-units">{formatUnits(units)}</p>
          <p class="hint">{Math.max(1, Math.round(milliseconds))} ms in the network</p>
        </details>
      )}
    </section>
  );
}
