import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelInfo, ReportInfo } from "../../api/client";
import {
  type Bar,
  bars,
  rowsOf,
  SORT_NAMES,
  SORTS,
  type Sort,
  select,
  type UnitRow,
} from "../../engine/catalogue";
import { oneOf, type Query } from "../../engine/route";
import { go, Notice, router, Select, show, useRested, useStore } from "../../kit";
import { Chart } from "./Chart";
import { CompareLayers } from "./CompareLayers";
import { EffectsPanel } from "./EffectsPanel";
import { Lightbox } from "./Lightbox";
import { UnitCard } from "./UnitCard";

const PAGE = 60;

/** Search text that the address follows once typing rests. */
function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  const rested = useRested(typed);
  const asked = useRef(text);
  useEffect(() => {
    if (rested === asked.current) return;
    asked.current = rested;
    show({ q: rested, unit: "" });
  }, [rested]);
  useEffect(() => {
    if (text === asked.current) return; // what was typed here has come back as the address
    asked.current = text;
    setTyped(text);
  }, [text]);
  return (
    <label class="search">
      <span>Search</span>
      <input
        id="unit-search"
        type="search"
        placeholder="door, or a unit number"
        data-testid="unit-search"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}

/** Which units are listed, and in which order. */
function Filters({ query, sort }: { query: Query; sort: Sort }) {
  return (
    <div class="row filters">
      <Search text={query.q ?? ""} />
      <Select
        label="Sort by"
        value={sort}
        choices={SORTS.map((value) => ({ value, label: SORT_NAMES[value] }))}
        testid="unit-sort"
        onChange={(value) => show({ sort: value })}
      />
      <label class="check">
        <input
          type="checkbox"
          data-testid="show-all"
          checked={Boolean(query.all)}
          onChange={(event) => show({ all: event.currentTarget.checked ? "1" : "" })}
        />
        <span>Also units without a match</span>
      </label>
    </div>
  );
}

interface ListProps {
  readonly rows: readonly UnitRow[];
  readonly concept: string;
  readonly onPaint: ((row: UnitRow) => void) | null;
}

function Units({ rows, concept, onPaint }: ListProps) {
  const [limit, setLimit] = useState(PAGE);
  return (
    <>
      <p class="hint" role="status" data-testid="unit-count">
        {rows.length === 1 ? "1 unit" : `${rows.length} units`}
        {concept && ` that match ${concept}`}
      </p>
      {rows.length === 0 && <Notice title="No unit fits" detail="Try another word, or show all units." />}
      <ul class="units">
        {rows.slice(0, limit).map((row) => (
          <UnitCard
            key={row.unit}
            row={row}
            onOpen={() => show({ unit: String(row.unit) }, false)}
            onPaint={onPaint && (() => onPaint(row))}
          />
        ))}
      </ul>
      {rows.length > limit && (
        <button type="button" class="button plain more-units" onClick={() => setLimit(limit + PAGE)}>
          Show {Math.min(PAGE, rows.length - limit)} more
        </button>
      )}
    </>
  );
}

interface Props {
  readonly model: ModelInfo;
  readonly report: ReportInfo;
  /** Further layers that have been dissected. */
  readonly others: readonly string[];
}

/** What the layer knows, beside another layer, and what its units cause. */
function Side({ model, report, others, rows }: Props & { rows: readonly UnitRow[] }) {
  const { concept = "", compare = "" } = useStore(router).route.query;
  const chart: readonly Bar[] = bars(rows);
  return (
    <aside class="catalogue-side">
      <section class="panel" aria-label="Concepts">
        <h2>
          {rows.filter((row) => row.passes).length} of {rows.length} units{" "}
          <small>match a concept, over {report.images} pictures</small>
        </h2>
        <Chart bars={chart} chosen={concept} onChoose={(name) => show({ concept: name, unit: "" }, false)} />
      </section>
      {others.length > 0 && (
        <section class="panel" aria-label="Compare layers">
          <Select
            label="Compare with"
            value={compare}
            choices={[{ value: "", label: "no other layer" }, ...others]}
            testid="compare-with"
            onChange={(name) => show({ compare: name })}
          />
          {compare && <CompareLayers model={model.name} layer={report.layer} other={compare} shown={chart} />}
        </section>
      )}
      {model.paintable && <EffectsPanel model={model} report={report} chosen={concept} />}
    </aside>
  );
}

/** Every unit of a layer that has been dissected. */
export function Catalogue({ model, report, others }: Props) {
  const { query } = useStore(router).route;
  const { q = "", concept = "", unit = "", all = "" } = query;
  const sort = oneOf(query.sort, SORTS, "above");
  const rows = rowsOf(report);
  const shown = select(rows, { text: q, concept, sort, meaningful: all === "" });
  const open = unit === "" ? undefined : rows.find((row) => row.unit === Number(unit));
  const paint = (row: UnitRow) =>
    go("paint", { model: model.name, layer: report.layer, units: `${row.unit}` });
  const step = (by: number) => {
    const at = shown.findIndex((row) => row.unit === open?.unit);
    const next = shown[(at + by + shown.length) % Math.max(1, shown.length)];
    if (next) show({ unit: String(next.unit) });
  };
  return (
    <div class="catalogue">
      <Side model={model} report={report} others={others} rows={rows} />
      <section class="catalogue-main" aria-label="Units">
        <Filters query={query} sort={sort} />
        <Units rows={shown} concept={concept} onPaint={model.paintable ? paint : null} />
      </section>
      {open && (
        <Lightbox
          model={model.name}
          layer={report.layer}
          row={open}
          onStep={step}
          onPaint={model.paintable ? () => paint(open) : null}
          onClose={() => show({ unit: "" })}
        />
      )}
    </div>
  );
}
