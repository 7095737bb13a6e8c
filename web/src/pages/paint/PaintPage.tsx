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
import { dialogs, easel, importFile, look, paint } from "./session";

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

function Hint() {
  const { firstVisit, brush, brushes, connection } = useStore(paint);
  if (!firstVisit || !brush || brushes.length === 0 || connection !== "open") return null;
  return (
    <p class="stage-hint">
      Drag on the picture to draw a <b>{brushName(brush)}</b>. Inscape found its units by measuring.
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
        what="links, commands, paintings"
        items={["copy-link", "copy-cli", "copy-python", "", "paintings", "import"]}
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
