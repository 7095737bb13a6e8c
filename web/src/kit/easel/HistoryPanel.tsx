import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { type Operation, operationLabel, type Placed } from "../../engine/history";
import { countCells } from "../../engine/mask";
import { formatUnits, percent } from "../../engine/numbers";
import { limits } from "../../engine/stroke";
import { Button, Icon, strokeColour, useStore } from "..";
import { deleteStroke } from "./actions";
import { type Easel, useEasel } from "./easel";

/** Where a stroke lies, in short; the layer is named where it is not the one painted at now. */
function detail(operation: Operation, layer: string): string {
  if (operation.kind !== "stroke") return "";
  const { stroke } = operation;
  const cells = countCells(stroke.mask);
  if (limits(stroke.mode)) return `${percent(cells / stroke.mask.cells.length)} of the square`;
  const other = stroke.brush.layer === layer ? "" : ` of ${stroke.brush.layer}`;
  return `${cells} ${cells === 1 ? "cell" : "cells"}${other} · ${percent(stroke.strength)}`;
}

interface RowProps {
  readonly easel: Easel;
  readonly operation: Operation;
  readonly index: number;
  readonly state: "" | "current" | "future" | "gone" | "hidden-stroke";
  readonly placed: Placed | undefined;
}

function Row({ easel, operation, index, state, placed }: RowProps) {
  const { paint, painter } = easel;
  const colour = operation.kind === "stroke" ? strokeColour(operation.stroke) : "transparent";
  const text = detail(operation, paint.get().layer);
  const highlight = () => paint.set({ highlighted: operation.kind === "stroke" ? operation.stroke : null });
  const darken = () => paint.set({ highlighted: null });
  return (
    <li class={`step ${state}`} data-testid="history-item" onMouseEnter={highlight} onMouseLeave={darken}>
      <button
        type="button"
        class="step-jump"
        aria-current={index === painter.history.cursor - 1 ? "step" : undefined}
        onFocus={highlight}
        onBlur={darken}
        onClick={() => painter.jump(index + 1)}
      >
        <span class="step-dot" style={{ background: colour }} />
        <span class="step-text">
          <b>{operationLabel(operation, painter.history.steps)}</b>
          {text && <small>{text}</small>}
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
            onClick={() => deleteStroke(painter, placed.stroke.id)}
          />
        </>
      )}
    </li>
  );
}

/** One row for each operation, newest first. Rows that say the same as before are not drawn again. */
function useRows(easel: Easel): VNode[] {
  const { history } = easel.painter;
  const drawn = useRef(new Map<string, VNode>());
  const placed = new Map(history.placed.map((one) => [one.stroke.id, one]));
  const next = new Map<string, VNode>();
  const rows = history.steps.map((operation, index) => {
    const one = operation.kind === "stroke" ? placed.get(operation.stroke.id) : undefined;
    const gone = operation.kind === "stroke" && !one;
    const applied = index === history.cursor - 1 ? "current" : gone ? "gone" : "";
    const state = index >= history.cursor ? "future" : one?.hidden ? "hidden-stroke" : applied;
    const name = operation.kind === "stroke" ? operation.stroke.id : `${operation.kind}-${index}`;
    const key = [name, index, state, index === history.cursor - 1, easel.paint.get().layer].join("/");
    const row = drawn.current.get(key) ?? (
      <Row key={name} {...{ easel, operation, index, state, placed: one }} />
    );
    next.set(key, row);
    return row;
  });
  drawn.current = next;
  return rows.reverse();
}

function Branches() {
  const { painter } = useEasel();
  const { branches } = painter.history;
  if (branches.length === 0) return null;
  return (
    <details class="more" open={branches.length === 1}>
      <summary>{branches.length === 1 ? "Another branch" : `${branches.length} other branches`}</summary>
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
                from after step {branch.at}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Which units the last stroke set, and how long the network took. */
function Fired() {
  const { paint } = useEasel();
  const { units, milliseconds } = useStore(paint);
  if (units.length === 0) return null;
  return (
    <details class="more fired">
      <summary>
        The last stroke set {units.length} {units.length === 1 ? "unit" : "units"}
      </summary>
      <p data-testid="fired-units">{formatUnits(units)}</p>
      <p class="hint">{Math.max(1, Math.round(milliseconds))} ms in the network</p>
    </details>
  );
}

/** What was done, newest first: jump anywhere, hide or delete single strokes, bring back what was undone. */
export function HistoryPanel() {
  const easel = useEasel();
  const { painter } = easel;
  const { version } = useStore(easel.paint);
  const { steps, cursor } = painter.history;
  const rows = useRows(easel);
  return (
    <section class="panel history" aria-label="History" data-version={version}>
      <h2>
        History <small>{cursor === steps.length ? cursor : `${cursor} of ${steps.length}`}</small>
      </h2>
      <ol class="steps" reversed>
        {rows}
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
      <Fired />
    </section>
  );
}
