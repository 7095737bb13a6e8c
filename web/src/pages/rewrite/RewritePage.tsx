import { useEffect } from "preact/hooks";
import { Notice, Select } from "../../kit/controls";
import { useStore } from "../../kit/hooks";
import { Icon } from "../../kit/Icon";
import { router, show } from "../../kit/router";
import { ContextPanel } from "./ContextPanel";
import { ExecutePanel } from "./ExecutePanel";
import { GoalPanel } from "./GoalPanel";
import { useRewriteActions } from "./keys";
import { MeasurePanel } from "./MeasurePanel";
import { StackPanel } from "./StackPanel";
import { open } from "./start";
import { rewrite } from "./state";
import { Wall } from "./Wall";
import { SeedBar, ToolBar } from "./WallBar";

const STATES: Readonly<Record<string, string>> = {
  new: "",
  saving: "Saving…",
  saved: "Saved",
  offline: "Not saved yet: the studio does not answer",
  conflict: "Open in another tab",
  failed: "Not saved",
};

/** Hold the address bar and the page together. */
function useAddress(): void {
  const { route } = useStore(router, "route");
  const { model, rule, seedText, seedProblem } = useStore(
    rewrite,
    "model",
    "rule",
    "seedText",
    "seedProblem",
  );
  useEffect(() => {
    if (route.page === "rewrite") void open(route.query);
  }, [route]);
  useEffect(() => {
    if (!model || seedProblem || router.get().route.page !== "rewrite") return;
    show({ model: model.name, layer: rule.choices.layer, seeds: seedText.replaceAll(" ", "") });
  }, [model, rule.choices.layer, seedText, seedProblem]);
}

/** Change a rule of a generator: mark where it holds, say what it should become, execute. */
export function RewritePage() {
  const { model, models, save, problem } = useStore(rewrite, "model", "models", "save", "problem");
  useRewriteActions();
  useAddress();
  if (problem && !model) return <Notice {...problem} />;
  return (
    <div class="rewrite-page">
      <div class="rewrite-wall">
        <div class="row page-head">
          <h1>Rewrite</h1>
          {model && models.length > 1 && (
            <Select
              label="Model"
              value={model.name}
              choices={models.map((one) => ({ value: one.name, label: one.name }))}
              testid="rewrite-model"
              onChange={(name) => show({ model: name, layer: "", seeds: "" }, false)}
            />
          )}
          <SeedBar />
          <p class={`save-note ${save}`} data-testid="rewrite-save" data-save={save}>
            {save === "saved" && <Icon name="check" size={16} />} {STATES[save]}
          </p>
        </div>
        <ToolBar />
        <Wall />
      </div>
      <div class="rewrite-side">
        <ContextPanel />
        <GoalPanel />
        <ExecutePanel />
        <StackPanel />
        <MeasurePanel />
      </div>
    </div>
  );
}
