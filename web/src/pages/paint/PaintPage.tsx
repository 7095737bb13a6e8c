import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelInfo } from "../../api/client";
import { ownClass } from "../../engine/classes";
import { brushName } from "../../engine/stroke";
import { Notice } from "../../kit/controls";
import { useDropping } from "../../kit/dropping";
import { usePaintActions } from "../../kit/easel/actions";
import { BrushPanel } from "../../kit/easel/BrushPanel";
import { OriginalBeside, SplitHandle } from "../../kit/easel/Compare";
import { EaselContext } from "../../kit/easel/easel";
import { HistoryPanel } from "../../kit/easel/HistoryPanel";
import { SaveState } from "../../kit/easel/SaveState";
import { Stage } from "../../kit/easel/Stage";
import { BrushTools, PAINT_COMPARE, PictureTools } from "../../kit/easel/Toolbar";
import { useStore } from "../../kit/hooks";
import { router } from "../../kit/router";
import { useAddress } from "./address";
import { PictureStrip } from "./PictureStrip";
import { ShareMenu } from "./ShareMenu";
import { easel, importFile, look, openSeed, paint } from "./session";

/** How large an element is drawn. */
export function useSize(element: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!element.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [element]);
  return size;
}

function Hint() {
  const { firstVisit, brush, brushes, connection } = useStore(
    paint,
    "firstVisit",
    "brush",
    "brushes",
    "connection",
  );
  if (!firstVisit || !brush || brushes.length === 0 || connection !== "open") return null;
  return (
    <p class="stage-hint">
      Drag on the picture to draw a <b>{brushName(brush)}</b>. Nobody told the network what one is.
    </p>
  );
}

const openFile = (file: File) => void importFile(file);

const changeModel = (model: ModelInfo) =>
  void easel.selectModel(model, "").then(() => openSeed(0, ownClass(model, 0)));

/** The start page: paint with the units of a generator. */
export function PaintPage() {
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const { model, models, connection } = useStore(paint, "model", "models", "connection");
  const { compare, peek } = useStore(look, "compare", "peek");
  const { route } = useStore(router, "route");
  usePaintActions();
  useAddress(route);
  const over = useDropping(openFile);
  const nothing = models.length === 0 && connection !== "connecting";
  return (
    <EaselContext.Provider value={easel}>
      <div class="paint-page">
        <h1 class="sr-only">Paint</h1>
        <BrushPanel onModel={changeModel} />
        <div class="easel">
          <BrushTools />
          {nothing ? (
            <Notice
              title="No generator to paint with"
              detail="No model that can be painted with is here."
              hint="Name one: inscape studio --model FILE"
            />
          ) : (
            <div class={`stage ${compare === "side" ? "two" : ""} ${over ? "over" : ""}`}>
              {compare === "side" && <OriginalBeside />}
              <div class="stage-main" ref={stage}>
                <Stage />
                <SplitHandle canvas={size} />
                {(peek || compare === "original") && <span class="badge">Original</span>}
                {compare === "difference" && <span class="badge">Difference: dark is unchanged</span>}
                {over && <span class="badge">Drop a PNG or a recipe to open it</span>}
              </div>
              <Hint />
            </div>
          )}
          <div class="under">
            <PictureTools compare={PAINT_COMPARE}>
              <ShareMenu />
            </PictureTools>
            <SaveState />
          </div>
          <PictureStrip />
        </div>
        <HistoryPanel />
        {model === null && !nothing && <p class="sr-only">The studio is starting.</p>}
      </div>
    </EaselContext.Provider>
  );
}
