import { decodeFrame, encodeFrame } from "../engine/frame";
import { type Influence, influenceFromWire } from "../engine/influence";
import type { Ground } from "../engine/preview";
import { difference } from "../engine/steps";
import type { Stroke } from "../engine/stroke";
import type { Part } from "../engine/view";
import { access, probe } from "./access";
import { isProblem, type Problem, ProblemError } from "./client";
import type { components } from "./types";
import { runs, settingsOf, strokeToWire } from "./wire";

type FrameHeader = components["schemas"]["PaintFrame"];
export type Connection = "connecting" | "open" | "lost";

/** What is to be drawn: the strokes that lie, and the one under the pointer. */
export interface Drawing extends Ground {
  readonly live: Omit<Stroke, "id"> | null;
  readonly final: boolean;
}

export interface Frame {
  readonly picture: ImageBitmap;
  readonly seq: number;
  readonly units: readonly number[];
  readonly milliseconds: number;
  readonly box: Part | null;
  readonly influence: Influence | null;
}

const pictureType = (bytes: Uint8Array): string => (bytes[0] === 0x89 ? "image/png" : "image/jpeg");

/** A newer picture was drawn instead. */
export class SupersededError extends Error {}
/** The connection broke before the answer came. */
export class DisconnectedError extends Error {}

interface Pending {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** The WebSocket that paints. It reconnects by itself, and sends the ground again when it has. */
export class PaintSocket {
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: read in `draw`, by destructuring
  private socket: WebSocket | null = null;
  private sent: Ground | null = null;
  private number = 0;
  private attempts = 0;
  private readonly pending = new Map<number, Pending>();

  constructor(
    private readonly url: () => string,
    private readonly onConnection: (connection: Connection) => void,
    private readonly onProblem: (problem: Problem) => void,
  ) {}

  connect(): void {
    const socket = new WebSocket(this.url());
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.onConnection(this.attempts === 0 ? "connecting" : "lost");
    socket.onopen = () => {
      this.attempts = 0;
      this.sent = null;
      this.onConnection("open");
    };
    socket.onmessage = (event: MessageEvent<unknown>) => this.receive(event.data);
    socket.onclose = () => this.closed();
  }

  /** Ask for a picture. The ground is sent along as far as it has changed. */
  draw(drawing: Drawing): Promise<Frame> {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new DisconnectedError("not connected"));
    this.sendGround(socket, drawing);
    const seq = this.number + 1;
    this.number = seq;
    const { live } = drawing;
    const stroke = live && { ...settingsOf(live), height: live.mask.size, width: live.mask.size };
    const header = { seq, final: drawing.final, ...(stroke ? { stroke } : {}) };
    socket.send(encodeFrame(header, live ? live.mask.cells : new Uint8Array()));
    return new Promise((resolve, reject) => this.pending.set(seq, { resolve, reject }));
  }

  private sendGround(socket: WebSocket, drawing: Drawing): void {
    const { model, seed, classIndex, photo, strokes } = drawing;
    const { sent } = this;
    const picture = sent?.seed === seed && sent.classIndex === classIndex && sent.photo === photo;
    const same = picture && sent?.model === model;
    const before = same ? (this.sent?.strokes ?? []) : [];
    const { keep, append } = difference(before, strokes);
    if (same && keep === before.length && append.length === 0) return;
    const place = { model, seed, class_index: classIndex, photo };
    let kept = keep;
    for (const run of runs(append)) {
      socket.send(JSON.stringify({ type: "ground", ...place, keep: kept, strokes: run.map(strokeToWire) }));
      kept += run.length;
    }
    this.sent = { model, seed, classIndex, photo, strokes };
  }

  private receive(data: unknown): void {
    if (data instanceof ArrayBuffer) void this.receiveFrame(data);
    else if (typeof data === "string") this.receiveText(data);
  }

  private async receiveFrame(data: ArrayBuffer): Promise<void> {
    const { header, payload } = decodeFrame(data);
    const frame = header as FrameHeader;
    this.supersede(frame.seq);
    const waiting = this.pending.get(frame.seq);
    this.pending.delete(frame.seq);
    if (!waiting) return;
    try {
      const [picture, influence] = await Promise.all([
        createImageBitmap(new Blob([payload], { type: pictureType(payload) })),
        frame.influence ? influenceFromWire(frame.influence) : null,
      ]);
      const { seq, units, milliseconds } = frame;
      const [x, y, width, height] = frame.box ?? [0, 0, 0, 0];
      const box = frame.box ? { x, y, width, height } : null;
      waiting.resolve({ picture, seq, units, milliseconds, box, influence });
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private receiveText(data: string): void {
    const message: unknown = JSON.parse(data);
    if (!isProblem(message)) return;
    const seq = "seq" in message && typeof message.seq === "number" ? message.seq : null;
    const waiting = seq === null ? undefined : this.pending.get(seq);
    if (seq !== null) this.pending.delete(seq);
    if (seq === null) this.sent = null;
    if (waiting) waiting.reject(new ProblemError(message, 400));
    else this.onProblem(message);
  }

  /** Answers come in order: whoever still waits for an older one was passed over. */
  private supersede(seq: number): void {
    for (const [number, waiting] of this.pending) {
      if (number >= seq) continue;
      this.pending.delete(number);
      waiting.reject(new SupersededError("a newer picture was drawn"));
    }
  }

  private closed(): void {
    this.socket = null;
    for (const waiting of this.pending.values())
      waiting.reject(new DisconnectedError("the connection broke"));
    this.pending.clear();
    this.attempts += 1;
    this.onConnection("lost");
    setTimeout(() => void this.again(), Math.min(5000, 250 * 2 ** Math.min(5, this.attempts)));
  }

  /** A refused connection looks like a lost one; whoever is refused does not knock again until he is known. */
  private async again(): Promise<void> {
    if ((await probe()) !== "locked") {
      this.connect();
      return;
    }
    access.set({ locked: true });
    const stop = access.subscribe(() => {
      if (access.get().locked) return;
      stop();
      this.connect();
    });
  }
}
