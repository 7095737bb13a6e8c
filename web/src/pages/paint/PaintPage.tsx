import { bounds } from "../../engine/mask";
import { brushName } from "../../engine/stroke";
import {
  Button,
  FileInput,
  Menu,
  Notice,
  paintable,
  show,
  studioModels,
  useDropping,
  useStore,
} from "../../kit";
import {
  BrushPanel,
  BrushTools,
  type Compare,
  EaselContext,
  HistoryPanel,
  PictureTools,
  Stage,
} from "../../kit/easel";
import { PaintingsDialog } from "./PaintingsDialog";
import { PictureStrip } from "./PictureStrip";
import { dialogs, easel, importFile, look, paint, painter } from "./session";

const COMPARED = {
  off: "Painting",
  original: "Original",
  slider: "Slider",
  side: "Side by side",
  difference: "Difference",
} as const;

const BADGES: Readonly<Partial<Record<Compare, string>>> = {
  original: "Original",
  difference: "Difference: dark is unchanged",
};

const otherModel = (model: string) =>
  show({ model, seed: "0", class: "", layer: "", brush: "", units: "", painting: "" }, false);

/** What a newcomer sees, and the one thing to do next; it keeps clear of what was painted. */
function Hint() {
  const { firstVisit, brush, brushes, picture, version } = useStore(paint);
  if (!firstVisit || !brush || brushes.length === 0 || !picture) return null;
  const shown = painter.history.strokes.at(0);
  const box = shown && bounds(shown.mask);
  const low = box && box.y + box.height / 2 > shown.mask.size / 2;
  const painted = shown?.brush.concept;
  return (
    <p class={`stage-hint ${low ? "high" : ""}`} data-testid="stage-hint" data-version={version}>
      {painted && <>The {painted} was painted. </>}
      Drag on the picture to draw {painted ? "another" : "a"} <b>{brushName(brush)}</b>.
    </p>
  );
}

/** Save, copy, open. */
function Share() {
  const { paintings } = useStore(dialogs);
  return (
    <div class="group share">
      <Button
        kind="icon"
        icon="download"
        label="Save as PNG, recipe inside"
        action="export"
        testid="export-png"
      />
      <Menu
        testid="share-menu"
        what="larger pictures, links, commands, paintings"
        items={[
          "export-2",
          "export-4",
          "",
          "copy-link",
          "copy-cli",
          "copy-python",
          "",
          "paintings",
          "import",
        ]}
      />
      <FileInput
        name="import-file"
        label="A PNG with its recipe inside, or a recipe"
        accept=".png,.json,image/png,application/json"
        onFile={importFile}
      />
      {paintings && <PaintingsDialog onClose={() => dialogs.set({ paintings: false })} />}
    </div>
  );
}

export function PaintPage() {
  const { model } = useStore(paint);
  const { info } = useStore(studioModels);
  const { compare, peek } = useStore(look);
  const over = useDropping((file) => void importFile(file));
  const nothing = info !== null && paintable().length === 0;
  const badge = over ? "Drop a PNG or a recipe to open it" : BADGES[peek ? "original" : compare];
  return (
    <EaselContext.Provider value={easel}>
      <div class="paint-page">
        <h1 class="sr-only">Paint</h1>
        <BrushPanel onModel={otherModel} />
        <div class="easel">
          <BrushTools />
          {nothing ? (
            <Notice
              title="No generator to paint with"
              detail="None of the models here is a generator."
              hint="Name one: inscape studio --model FILE"
            />
          ) : (
            <Stage badge={badge} over={over}>
              <Hint />
            </Stage>
          )}
          <PictureTools compare={COMPARED}>
            <Share />
          </PictureTools>
          <PictureStrip />
        </div>
        <HistoryPanel />
        {model === null && !nothing && <p class="sr-only">The studio is starting.</p>}
      </div>
    </EaselContext.Provider>
  );
}
