import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { address, api, type BrushInfo, type ModelInfo, type Painting, problemOf } from "../../api/client";
import { PaintSocket } from "../../api/socket";
import { type Grids, historyFromWire, regionToWire } from "../../api/wire";
import { ownClass } from "../../engine/classes";
import type { Mask } from "../../engine/mask";
import type { Ground } from "../../engine/preview";
import { numberIn, oneOf, type Query } from "../../engine/route";
import { type Brush, kindOf } from "../../engine/stroke";
import type { Shape } from "../../engine/view";
import { complain, learnColours, report, say, toast, type Work } from "..";
import { bestOf, firstWorking, isOf } from "./brushKinds";
import { keep } from "./keeping";
import { Painter } from "./painter";
import type { Place } from "./ports";
import { lookStore, paintableLayers, paintStore } from "./state";

const socketAddress = () =>
  new URL("api/paint", location.href).href.replace(/^http/, "ws").replace(/[?#].*$/, "");

const TOOLS = ["layer", "brush", "kind", "units", "mode", "strength", "size"] as const;

/** The brush that a newcomer holds, of a model whose brushes were not measured. */
const FIRST_BRUSH = "cloud";

/** What is painted, how it is looked at, and the connection that draws it; each page that paints has its own. */
export class Easel {
  readonly paint = paintStore();
  readonly look = lookStore();
  readonly painter: Painter;
  /** The Escape key gives up the stroke under the pointer; the stage says how. */
  stopStroke: () => boolean = () => false;
  /** Load what is painted again, after another tab has changed it. */
  reload: () => Promise<unknown> = () => Promise.resolve();
  private readonly socket: PaintSocket;
  private connected = false;

  constructor() {
    this.socket = new PaintSocket(
      socketAddress,
      (connection) => {
        report(this, connection);
        this.paint.set({ connection });
        if (connection === "open") this.painter.online();
        else this.painter.offline();
      },
      complain,
    );
    this.painter = new Painter(this.paint, {
      draw: (drawing) => this.socket.draw(drawing),
      keep,
      appearance,
      original,
      problem: complain,
      lacking: toast,
      say,
    });
  }

  connect(): void {
    if (this.connected) return;
    this.connected = true;
    this.socket.connect();
  }

  /** Take a model and the brushes of one of its layers, as `selectLayer` does. */
  async selectModel(model: ModelInfo, layer: string, lowest = ""): Promise<boolean> {
    const known = paintableLayers({ model, lowest }).some((one) => one.name === layer);
    const classIndex = ownClass(model, this.paint.get().seed);
    this.paint.set({ model, classIndex, lowest, brush: null, brushes: [], absent: [] });
    return this.selectLayer(known ? layer : lowest || (model.default_layer ?? model.layers[0]?.name ?? ""));
  }

  /** Take the brushes of a layer; false where something else was chosen before they came. */
  async selectLayer(layer: string): Promise<boolean> {
    const { model, brush } = this.paint.get();
    if (!model) return false;
    this.paint.set({ layer });
    try {
      const { brushes, absent = [] } = await api.brushes(model.name, layer);
      if (this.paint.get().layer !== layer || this.paint.get().model !== model) return false;
      learnColours(Object.fromEntries(brushes.map(({ concept, colour }) => [concept, colour])));
      this.paint.set({ brushes, absent });
      if (this.paint.get().brush !== brush) return false;
      const same = brushes.find((one) => brush && isOf(brush, one)) ?? bestOf(brushes, brush?.concept);
      const first = same ?? firstWorking(brushes) ?? bestOf(brushes, FIRST_BRUSH) ?? brushes[0];
      this.paint.set({ brush: first ? brushOf(first) : null });
    } catch (error) {
      complain(problemOf(error));
    }
    return true;
  }

  pickUnits(units: readonly number[], layer: string): void {
    this.paint.set({ layer, brush: { layer, concept: null, units, top: Math.max(1, units.length) } });
  }

  /** Go on with a kept painting, where that is still wanted once its masks are read. */
  async open(painting: Painting, place: Place, wanted: () => boolean, shape?: Shape): Promise<void> {
    const { model } = this.paint.get();
    if (!model) return;
    const saved = await historyFromWire(painting, gridsOf(model));
    if (wanted()) this.painter.open(place, saved, { id: painting.id, revision: painting.revision }, shape);
  }

  /** What is painted here and is to be kept. */
  work(): Work {
    const retry = () => {
      this.painter.retry();
      return this.painter.settle();
    };
    return { store: this.paint, retry };
  }

  /** The brush, as the address says it. */
  tools(): Query {
    const { layer, brush, mode, strength, diameter } = this.paint.get();
    return {
      layer,
      brush: brush?.concept ?? "",
      kind: brush && kindOf(brush) !== "causal" ? kindOf(brush) : "",
      units: brush?.concept === null && !brush.values ? brush.units.join(",") : "",
      mode: mode === "remove" ? mode : "",
      strength: strength === 1 ? "" : String(strength),
      size: diameter === 2 ? "" : String(diameter),
    };
  }

  /**
   * Take what the address says of the brush: how it works at once, what it paints when the brushes are there, and only
   * where nothing else was chosen until then.
   */
  async applyTools(query: Query, brushes = () => this.takeLayer(query.layer)): Promise<void> {
    const said = TOOLS.some((key) => query[key] !== undefined);
    if (said)
      this.paint.set({
        mode: oneOf(query.mode, ["draw", "remove"], "draw"),
        strength: numberIn(query.strength, 1, 0, 1),
        diameter: numberIn(query.size, 2, 1, 16),
      });
    if ((await brushes()) && said) this.takeBrush(query);
  }

  private async takeLayer(layer = ""): Promise<boolean> {
    return layer === "" || layer === this.paint.get().layer || this.selectLayer(layer);
  }

  private takeBrush(query: Query): void {
    const { brushes, layer } = this.paint.get();
    const units = (query.units ?? "").split(",").filter(Boolean).map(Number).filter(Number.isInteger);
    const named = brushes.find((one) => one.concept === query.brush && one.kind === query.kind);
    const brush = named ?? bestOf(brushes, query.brush);
    if (units.length > 0) this.pickUnits(units, layer);
    else if (brush) this.paint.set({ brush: brushOf(brush) });
  }
}

/** The easel that the parts of a page work on. */
export const EaselContext = createContext<Easel | null>(null);

export function useEasel(): Easel {
  const easel = useContext(EaselContext);
  if (!easel) throw new Error("this part of the page needs an easel");
  return easel;
}

export const brushOf = ({ concept, layer, top, kind }: BrushInfo): Brush => ({
  layer,
  concept,
  units: [],
  top,
  ...(kind === "causal" ? {} : { kind }),
});

/** The grids that masks of a model are drawn on. */
export function gridsOf(model: ModelInfo): Grids {
  const layers = Object.fromEntries(model.layers.map((layer) => [layer.name, layer.size]));
  return { imageSize: model.image_size ?? 64, layers };
}

async function original({ model, seed, classIndex, photo }: Ground): Promise<ImageBitmap> {
  const path = photo === null ? address.picture(model, seed, classIndex) : address.photo(photo);
  return createImageBitmap(await api.blob(path));
}

async function appearance(ground: Ground, layer: string, mask: Mask): Promise<Brush> {
  const { model, seed, classIndex, photo } = ground;
  const place = { seed, class_index: classIndex, photo, truncation: 1 };
  const found = await api.appearance(model, { ...place, layer, region: regionToWire(mask) });
  return { ...found, concept: null, top: found.units.length };
}
