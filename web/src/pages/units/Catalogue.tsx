import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelInfo, ReportInfo } from "../../api/client";
import { bars, SORT_NAMES, SORTS, select } from "../../engine/catalogue";
import { oneOf } from "../../engine/route";
import { provide } from "../../kit/actions";
import { Notice, Select } from "../../kit/controls";
import { useRested, useStore } from "../../kit/hooks";
import { router, show } from "../../kit/router";
import { easel, paintWith } from "../paint/session";
import { Chart } from "./Chart";
import { CompareLayers } from "./CompareLayers";
import { EffectsPanel } from "./EffectsPanel";
import { Lightbox } from "./Lightbox";
import { catalogueRows } from "./rows";
import { UnitCard } from "./UnitCard";

const PAGE = 60;

/** Search text that the address follows once typing rests. */
function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  const input = useRef<HTMLInputElement>(null);
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
  useEffect(() => provide({ find: () => input.current?.focus() }), []);
  return (
    <label class="search">
      <span>Search</span>
      <input
        ref={input}
        type="search"
        placeholder="door, or a unit number"
        data-testid="unit-search"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}

/** Every unit of a layer that has been dissected. */
export function Catalogue({
  model,
  report,
  others,
}: {
  model: ModelInfo;
  report: ReportInfo;
  others: readonly string[];
}) {
  const { route } = useStore(router, "route");
  const { q = "", concept = "", compare = "", unit = "", all = "" } = route.query;
  const sort = oneOf(route.query.sort, SORTS, "above");
  const [limit, setLimit] = useState(PAGE);
  const rows = catalogueRows(report);
  const shown = select(rows, { text: q, concept, sort, meaningful: all === "" });
  const chart = bars(rows);
  const open = unit === "" ? undefined : rows.find((row) => row.unit === Number(unit));
  const paintUnit = (number: number) =>
    void paintWith(model).then(() => easel.pickUnits([number], report.layer));
  const step = (by: number) => {
    const at = shown.findIndex((row) => row.unit === open?.unit);
    const next = shown[(at + by + shown.length) % Math.max(1, shown.length)];
    if (next) show({ unit: String(next.unit) });
  };
  const matching = rows.filter((row) => row.passes).length;
  return (
    <div class="catalogue">
      <aside class="catalogue-side">
        <section class="panel" aria-label="Concepts">
          <h2>
            {matching} of {rows.length} units <small>match a concept, over {report.images} pictures</small>
          </h2>
          <Chart
            bars={chart}
            chosen={concept}
            onChoose={(name) => show({ concept: name, unit: "" }, false)}
          />
        </section>
        {others.length > 0 && (
          <section class="panel" aria-label="Compare layers">
            <Select
              label="Compare with"
              value={compare}
              choices={[
                { value: "", label: "no other layer" },
                ...others.map((name) => ({ value: name, label: name })),
              ]}
              testid="compare-with"
              onChange={(name) => show({ compare: name })}
            />
            {compare && (
              <CompareLayers model={model.name} layer={report.layer} other={compare} shown={chart} />
            )}
          </section>
        )}
        <EffectsPanel model={model} report={report} chosen={concept} />
      </aside>
      <section class="catalogue-main" aria-label="Units">
        <div class="row filters">
          <Search text={q} />
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
              checked={all !== ""}
              onChange={(event) => show({ all: event.currentTarget.checked ? "1" : "" })}
            />
            <span>Also those without a clear meaning</span>
          </label>
        </div>
        <p class="hint" role="status" data-testid="unit-count">
          {shown.length === 1 ? "1 unit" : `${shown.length} units`}
          {concept && ` that match ${concept}`}
        </p>
        {shown.length === 0 && <Notice title="No unit fits" detail="Try another word, or show all units." />}
        <ul class="units">
          {shown.slice(0, limit).map((row) => (
            <UnitCard
              key={row.unit}
              row={row}
              onOpen={() => show({ unit: String(row.unit) }, false)}
              onPaint={() => paintUnit(row.unit)}
            />
          ))}
        </ul>
        {shown.length > limit && (
          <button type="button" class="button plain more-units" onClick={() => setLimit(limit + PAGE)}>
            Show {Math.min(PAGE, shown.length - limit)} more
          </button>
        )}
      </section>
      {open && (
        <Lightbox
          model={model.name}
          layer={report.layer}
          row={open}
          onStep={step}
          onPaint={() => paintUnit(open.unit)}
          onClose={() => show({ unit: "" })}
        />
      )}
    </div>
  );
}
