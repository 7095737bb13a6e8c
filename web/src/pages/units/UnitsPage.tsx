import { Notice, reportOf, router, Select, show, useLoaded, useModels, useStore, VerbLine } from "../../kit";
import { Catalogue } from "./Catalogue";
import { DissectPanel } from "./DissectPanel";

export function UnitsPage() {
  const { query } = useStore(router).route;
  const { info, models, problem, reload } = useModels();
  const list = models.filter(
    (one) => one.layers.some((layer) => layer.dissected) || (one.paintable && one.layers.length > 0),
  );
  const model = list.find((one) => one.name === query.model) ?? list[0];
  const first = model?.paintable ? undefined : model?.layers.find((one) => one.dissected);
  const wanted = query.layer || (first?.name ?? model?.default_layer ?? "");
  const layer = model?.layers.find((one) => one.name === wanted) ?? model?.layers[0];
  const key = model && layer ? `${model.name}/${layer.name}` : "";
  const report = useLoaded(key, async () => (model && layer ? reportOf(model.name, layer.name) : null));
  const others = model?.layers.filter((one) => one.dissected && one.name !== layer?.name) ?? [];
  if (problem) return <Notice {...problem} />;
  if (info && !model)
    return <Notice title="No generator here" detail="There is no model with units to show." />;
  return (
    <div class="units-page">
      <div class="row page-head">
        <h1>Units</h1>
        {model && (
          <Select
            label="Model"
            value={model.name}
            choices={list.map((one) => one.name)}
            testid="units-model"
            onChange={(name) => show({ model: name, layer: "", unit: "", concept: "", compare: "" }, false)}
          />
        )}
        {model && layer && (
          <Select
            label="Layer"
            value={layer.name}
            choices={model.layers.map((one) => ({
              value: one.name,
              label: `${one.name} · ${one.units} units${one.dissected ? "" : " · not dissected"}`,
            }))}
            testid="units-layer"
            onChange={(name) => show({ layer: name, unit: "", concept: "" }, false)}
          />
        )}
      </div>
      {report.problem && <Notice {...report.problem} />}
      {report.loading && <p class="hint">Loading…</p>}
      {model && layer && report.value && !report.value.dissected && !model.paintable && (
        <Notice
          title={`${layer.name} is not dissected yet`}
          detail={`${model.name} draws no pictures: it is dissected over a folder of photos, in a terminal.`}
        >
          <VerbLine
            verb="dissect"
            request={{
              model: model.argument,
              out: "report",
              layer: layer.name,
              source: "photos",
              labels: "maps",
            }}
          />
          <p class="hint">Show the report here with `inscape studio --report report`.</p>
        </Notice>
      )}
      {model?.paintable && layer && report.value && !report.value.dissected && (
        <DissectPanel
          key={key}
          model={model}
          layer={layer}
          onDone={() => {
            report.reload();
            reload();
          }}
        />
      )}
      {model && report.value?.dissected && (
        <Catalogue key={key} model={model} report={report.value} others={others.map((one) => one.name)} />
      )}
    </div>
  );
}
