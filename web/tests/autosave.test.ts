import { describe, expect, test } from "vitest";
import { Autosave, type Change, type Keep, type Kept, type SaveState } from "../src/engine/autosave";
import { History, type Operation } from "../src/engine/history";
import { stroke } from "./strokes";

/** A store that behaves like the studio's: revisions, and `operations[:keep] + append`. */
class Shelf implements Keep<Operation> {
  operations: readonly Operation[] = [];
  cursor = 0;
  revision = 0;
  writes = 0;
  broken: Error | null = null;
  gone = false;

  private write(operations: readonly Operation[], cursor: number): Promise<Kept> {
    if (this.broken) return Promise.reject(this.broken);
    this.writes += 1;
    this.revision += 1;
    this.operations = operations;
    this.cursor = cursor;
    return Promise.resolve({ id: "p1", revision: this.revision });
  }

  create(operations: readonly Operation[], cursor: number): Promise<Kept> {
    this.gone = false;
    return this.write(operations, cursor);
  }

  step(kept: Kept, step: Change<Operation>): Promise<Kept> {
    if (this.gone) return Promise.reject(new Error("gone"));
    if (kept.revision !== this.revision) return Promise.reject(new Error("conflict"));
    return this.write([...this.operations.slice(0, step.keep), ...step.append], step.cursor);
  }

  reason(error: unknown): "offline" | "conflict" | "failed" | "gone" {
    const text = error instanceof Error ? error.message : "";
    return text === "conflict" || text === "offline" || text === "gone" ? text : "failed";
  }
}

function bench() {
  const [history, shelf, states] = [new History(), new Shelf(), [] as SaveState[]];
  const autosave = new Autosave(history, shelf, (state) => states.push(state));
  const add = (id: string) => {
    history.add(stroke(id));
    autosave.changed();
  };
  return { history, shelf, states, autosave, add };
}

describe("autosave", () => {
  test("keeps nothing of a picture that was only looked at", async () => {
    const { shelf, autosave } = bench();
    await autosave.flush();
    expect([shelf.writes, autosave.state]).toEqual([0, "new"]);
  });

  test("keeps an untouched picture once it is asked to, and only once", async () => {
    const { shelf, autosave } = bench();
    await autosave.flush(true);
    await autosave.flush(true);
    expect([shelf.writes, autosave.state, autosave.id]).toEqual([1, "saved", "p1"]);
  });

  test("keeps what is on the picture anew where it was deleted elsewhere", async () => {
    const { shelf, autosave, add } = bench();
    add("a");
    await autosave.flush();
    shelf.gone = true;
    add("b");
    await autosave.flush();
    expect([shelf.operations.length, autosave.state]).toEqual([2, "saved"]);
  });

  test("keeps every stroke, undo and redo", async () => {
    const { history, shelf, autosave, add } = bench();
    add("a");
    await autosave.flush();
    add("b");
    history.undo();
    autosave.changed();
    await autosave.flush();
    expect(shelf.operations).toEqual(history.steps);
    expect([shelf.cursor, autosave.state]).toEqual([1, "saved"]);
  });

  test("sends what was done meanwhile with the next save, in order", async () => {
    const { history, shelf, autosave, add } = bench();
    for (const id of "abcdef") add(id);
    await autosave.flush();
    expect(shelf.operations).toEqual(history.steps);
    expect(shelf.writes).toBeLessThan(6);
  });

  test("keeps an undo followed by another stroke", async () => {
    const { history, shelf, autosave, add } = bench();
    add("a");
    add("b");
    await autosave.flush();
    history.undo();
    add("c");
    await autosave.flush();
    expect(shelf.operations.length).toBe(2);
    expect(shelf.operations).toEqual(history.steps);
  });

  test("without a connection keeps everything for later", async () => {
    const { history, shelf, autosave, add } = bench();
    shelf.broken = new Error("offline");
    add("a");
    await autosave.flush();
    add("b");
    await autosave.flush();
    expect(autosave.state).toBe("offline");
    shelf.broken = null;
    autosave.retry();
    await autosave.flush();
    expect(shelf.operations).toEqual(history.steps);
    expect(autosave.state).toBe("saved");
  });

  test("stops when another tab has changed the painting", async () => {
    const { shelf, autosave, add } = bench();
    add("a");
    await autosave.flush();
    shelf.revision += 1;
    add("b");
    await autosave.flush();
    expect(autosave.state).toBe("conflict");
    const { writes } = shelf;
    add("c");
    await autosave.flush();
    expect(shelf.writes).toBe(writes);
  });

  test("goes on from a painting that was opened", async () => {
    const first = bench();
    first.add("a");
    await first.autosave.flush();
    const history = new History(first.history.save());
    const autosave = new Autosave(history, first.shelf, () => undefined, {
      kept: { id: "p1", revision: 1 },
    });
    history.add(stroke("b"));
    autosave.changed();
    await autosave.flush();
    expect(first.shelf.operations).toHaveLength(2);
    expect(autosave.id).toBe("p1");
  });

  test("keeps what is noted beside the steps, also where no step was done", async () => {
    const { history, shelf } = bench();
    let note = "0-15";
    const autosave = new Autosave(history, shelf, () => undefined, { note: () => note });
    await autosave.flush();
    expect(shelf.writes).toBe(0);
    note = "0-31";
    await autosave.flush();
    expect([shelf.writes, autosave.dirty]).toEqual([1, false]);
  });
});
