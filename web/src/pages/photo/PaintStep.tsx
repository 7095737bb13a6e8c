import { Button, Menu, useStore } from "../../kit";
import { BrushPanel, BrushTools, type Compare, HistoryPanel, PictureTools, Stage } from "../../kit/easel";
import { InfluencePanel } from "./InfluencePanel";
import { photos } from "./state";

import { easel } from "./work";

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
  features: "Inversion: the generator's own picture",
  adapted: "The adapted generator, without strokes",
  difference: "Difference: dark is unchanged",
};

/** The tools of Paint, on the photo. */
export function PaintStep() {
  const { compare, peek, marked } = useStore(easel.look);
  const { mode } = useStore(easel.paint);
  const { photo } = useStore(photos);
  if (!photo?.inversion) return null;
  return (
    <div class="paint-page">
      <BrushPanel />
      <div class="easel">
        <BrushTools more={MORE} />
        <Stage badge={BADGES[peek ? "original" : compare] ?? HINTS[mode]} />
        <PictureTools compare={COMPARED}>
          <div class="group">
            <Button
              kind="icon"
              icon="outline"
              label="What the strokes influence"
              action="influence"
              pressed={marked}
            />
          </div>
          <div class="group share">
            <Button
              kind="icon"
              icon="download"
              label={`Save as PNG, ${photo.width} × ${photo.height}`}
              action="export"
              testid="export-png"
            />
            <Menu
              testid="photo-menu"
              what="links, commands, files"
              items={["copy-link", "copy-cli", "copy-python", "save-inversion"]}
            />
          </div>
        </PictureTools>
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
