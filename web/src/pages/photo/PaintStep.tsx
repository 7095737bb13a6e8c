import { useRef } from "preact/hooks";
import { Button } from "../../kit/controls";
import { BrushPanel } from "../../kit/easel/BrushPanel";
import { OriginalBeside, SplitHandle } from "../../kit/easel/Compare";
import { HistoryPanel } from "../../kit/easel/HistoryPanel";
import { SaveState } from "../../kit/easel/SaveState";
import { Stage } from "../../kit/easel/Stage";
import type { Compare } from "../../kit/easel/state";
import { BrushTools, PictureTools } from "../../kit/easel/Toolbar";
import { useStore } from "../../kit/hooks";
import { PhotoMenu } from "../../kit/Menu";
import { copy } from "../../kit/messages";
import { copyCommand } from "../paint/exporting";
import { useSize } from "../paint/PaintPage";
import { InfluencePanel } from "./InfluencePanel";
import { photos } from "./session";
import { easel, exportInversion, exportPhoto } from "./work";

const COMPARED = {
  off: "Edited photo",
  original: "Original",
  features: "Inversion",
  adapted: "Adapted",
  slider: "Slider",
  side: "Side by side",
  difference: "Difference",
} as const;

const MORE = [
  { value: "keep", label: "Keep photo", icon: "shield", action: "keep", testid: "mode-keep" },
  { value: "drop", label: "Islands", icon: "islands", action: "islands", testid: "mode-drop" },
] as const;

const HINTS: Readonly<Partial<Record<string, string>>> = {
  keep: "Brush over what must stay as it is in the photo.",
  drop: "Click on an outlined island to drop it, or to take it back.",
};

const BADGES: Readonly<Partial<Record<Compare, string>>> = {
  original: "Original",
  features: "Inversion: what the generator itself draws",
  adapted: "The adapted generator, without strokes",
  difference: "Difference: dark is unchanged",
};

const menu = [
  { label: "Copy a link to this", icon: "link", testid: "copy-link", run: () => copy(location.href, "Link") },
  { label: "Copy as command line", icon: "code", testid: "copy-cli", run: () => copyCommand("cli", easel) },
  { label: "Copy as Python", icon: "code", testid: "copy-python", run: () => copyCommand("python", easel) },
  { label: "Save the inversion", icon: "download", testid: "save-inversion", run: exportInversion },
] as const;

/** The tools of Paint, on the photo. */
export function PaintStep() {
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const { compare, peek, marked } = useStore(easel.look, "compare", "peek", "marked");
  const { mode } = useStore(easel.paint, "mode");
  const { photo } = useStore(photos, "photo");
  if (!photo?.inversion) return null;
  const badge = peek ? "Original" : BADGES[compare];
  return (
    <div class="paint-page">
      <BrushPanel />
      <div class="easel">
        <BrushTools more={MORE} />
        <div class={`stage ${compare === "side" ? "two" : ""}`}>
          {compare === "side" && <OriginalBeside />}
          <div class="stage-main" ref={stage}>
            <Stage />
            <SplitHandle canvas={size} />
            {badge && <span class="badge">{badge}</span>}
            {!badge && HINTS[mode] && <span class="badge">{HINTS[mode]}</span>}
          </div>
        </div>
        <div class="under">
          <PictureTools compare={COMPARED}>
            <div class="group">
              <Button
                kind="icon"
                icon="outline"
                label="What the strokes influence"
                action="influence"
                testid="influence"
                pressed={marked}
                onClick={() => easel.look.set({ marked: !marked })}
              />
            </div>
            <div class="group share">
              <Button
                kind="icon"
                icon="download"
                label={`Save as PNG, ${photo.width} × ${photo.height}`}
                action="export"
                testid="export-png"
                onClick={() => void exportPhoto()}
              />
              <PhotoMenu items={menu} />
            </div>
          </PictureTools>
          <SaveState />
        </div>
      </div>
      <div class="photo-side">
        <section class="panel mini-score" aria-label="Reconstruction">
          <p>
            Reconstruction <b>{photo.inversion.psnr.toFixed(1)} dB</b>
          </p>
          <Button
            kind="icon"
            label="How close, and what was lost"
            icon="eye"
            testid="show-result"
            onClick={() => photos.set({ view: "result" })}
          />
        </section>
        <InfluencePanel />
        <HistoryPanel />
      </div>
    </div>
  );
}
