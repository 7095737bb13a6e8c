import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { address, api, type ModelInfo, ProblemError, problemOf } from "../../api/client";
import { PaintSocket } from "../../api/socket";
import { operationToWire, regionToWire } from "../../api/wire";
import type { Store as Keep, Kept } from "../../engine/autosave";
import { ownClass } from "../../engine/classes";
import type { Mask } from "../../engine/mask";
import type { Ground } from "../../engine/preview";
import { numberIn, oneOf } from "../../engine/route";
import type { Brush } from "../../engine/stroke";
import { complain, say } from "../messages";
import { Painter } from "./painter";
import type { Place } from "./ports";
import { lookStore, paintableLayers, paintStore } from "./state";

const socketAddress = () =>
  new URL("api/paint", location.href).href.replace(/^http/, "ws").replace(/[?#].*$/, "");

/** The brush that a newcomer holds: the one that the shipped model obeys best. */
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
      socketAddress(),
      (connection) => {
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
      say,
    });
  }

  connect(): void {
    if (this.connected) return;
    this.connected = true;
    this.socket.connect();
  }

  /** Take a model and the brushes of one of its layers. */
  async selectModel(model: ModelInfo, layer: string, lowest = ""): Promise<void> {
    const known = paintableLayers({ model, lowest }).some((one) => one.name === layer);
    const classIndex = ownClass(model, this.paint.get().seed);
    this.paint.set({ model, classIndex, lowest, brush: null, brushes: [], absent: [] });
    await this.selectLayer(known ? layer : lowest || (model.default_layer ?? model.layers[0]?.name ?? ""));
  }

  async selectLayer(layer: string): Promise<void> {
    const { model, brush } = this.paint.get();
    if (!model) return;
    this.paint.set({ layer });
    try {
      const { brushes, absent = [] } = await api.brushes(model.name, layer);
      if (this.paint.get().layer !== layer || this.paint.get().model !== model) return;
      const same = brushes.find((one) => one.concept === brush?.concept);
      const first = same ?? brushes.find((one) => one.concept === FIRST_BRUSH) ?? brushes[0];
      this.paint.set({ brushes, absent, brush: first ? brushOf(first.concept, layer, first.top) : null });
    } catch (error) {
      complain(problemOf(error));
    }
  }

  pickUnits(units: readonly number[], layer: string): void {
    this.paint.set({ layer, brush: { layer, concept: null, units, top: Math.max(1, units.length) } });
  }

  /** What the address says of the brush. */
  applyTools(query: Readonly<Record<string, string>>): void {
    const { brushes, layer } = this.paint.get();
    const units = (query.units ?? "").split(",").filter(Boolean).map(Number).filter(Number.isInteger);
    const brush = brushes.find((one) => one.concept === query.brush);
    if (units.length > 0) this.pickUnits(units, layer);
    else if (brush) this.paint.set({ brush: brushOf(brush.concept, layer, brush.top) });
    this.paint.set({
      mode: oneOf(query.mode, ["draw", "remove"], "draw"),
      strength: numberIn(query.strength, 1, 0, 1),
      diameter: numberIn(query.size, 2, 1, 16),
    });
  }
}

/** The easel that the parts of a page work on. */
export const EaselContext = createContext<Easel | null>(null);

export function useEasel(): Easel {
  const easel = useContext(EaselContext);
  if (!easel) throw new Error("this part of the page needs an easel");
  return easel;
}

export const brushOf = (concept: string, layer: string, top: number): Brush => ({
  layer,
  concept,
  units: [],
  top,
});

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

/** What a painting starts as. */
export const newPainting = (model: string, { seed, classIndex, photo }: Place) => ({
  model,
  seed,
  class_index: classIndex,
  photo,
  name: "",
  truncation: 1,
});

const isMissing = (error: unknown): boolean => error instanceof ProblemError && error.status === 404;

/** The painting was deleted. */
class Gone extends Error {}

const gone = (error: unknown) => {
  throw isMissing(error) ? new Gone() : error;
};

/** Where a painting is kept: the studio's store. */
function keep(model: string, place: Place): Keep {
  const kept = ({ id, revision }: Kept): Kept => ({ id, revision });
  return {
    create: async (operations, cursor) =>
      kept(
        await api.createPainting({
          ...newPainting(model, place),
          operations: operations.map(operationToWire),
          cursor,
        }),
      ),
    step: async ({ id, revision }, { keep, append, cursor }) => {
      try {
        return await api.stepPainting(id, { revision, keep, append: append.map(operationToWire), cursor });
      } catch (error) {
        if (isMissing(error)) await api.painting(id).catch(gone); // or it names what is not there
        throw error;
      }
    },
    reason: (error) => {
      if (error instanceof Gone) return "gone";
      if (error instanceof ProblemError && error.status === 0) return "offline";
      if (error instanceof ProblemError && error.status === 409) return "conflict";
      complain(problemOf(error));
      return "failed";
    },
  };
}
