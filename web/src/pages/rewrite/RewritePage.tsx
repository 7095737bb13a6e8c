import { Notice, paintable, SaveNote, Select, show, useStore } from "../../kit";
import { ContextPanel } from "./ContextPanel";
import { ExecutePanel } from "./ExecutePanel";
import { GoalPanel } from "./GoalPanel";
import { MeasurePanel } from "./MeasurePanel";
import { StackPanel } from "./StackPanel";
import { rewrite } from "./state";
import { Wall } from "./Wall";
import { SeedBar, ToolBar } from "./WallBar";
import { book } from "./work";

/** Change a rule of a generator: mark where it holds, say what it should become, execute. */
export function RewritePage() {
  const { model, problem } = useStore(rewrite);
  const names = paintable().map((one) => one.name);
  if (problem && !model) return <Notice {...problem} />;
  return (
    <div class="rewrite-page">
      <div class="rewrite-wall">
        <div class="row page-head">
          <h1>Rewrite</h1>
          {model && names.length > 1 && (
            <Select
              label="Model"
              value={model.name}
              choices={names}
              testid="rewrite-model"
              onChange={(name) => show({ model: name, layer: "", seeds: "" }, false)}
            />
          )}
          <SeedBar />
          <SaveNote work={book.work} testid="rewrite-save" />
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
