import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Query } from "../src/engine/route";
import { Store } from "../src/engine/store";
import { hold } from "../src/kit/address";
import { router, show, startRouter } from "../src/kit/router";

/** A browser's bar and history, as far as the router knows them. */
class Bar extends EventTarget {
  entries = ["#/photo"];
  get hash() {
    return this.entries.at(-1) ?? "";
  }
  pushState(_: unknown, __: string, address: string) {
    this.entries.push(address);
  }
  replaceState(_: unknown, __: string, address: string) {
    this.entries[this.entries.length - 1] = address;
  }
  /** The bar is edited; the browser tells of it a moment later. */
  type(address: string) {
    this.entries.push(address);
    return () => this.dispatchEvent(new Event("hashchange"));
  }
}

const rest = () => new Promise((done) => setTimeout(done));
let bar: Bar;

/** A page that shows one thing, and takes its time to open it. */
function bench(first = "") {
  const shown = new Store({ photo: first, view: "" });
  const opening: { query: Query; done: (photo?: string) => void }[] = [];
  const stop = hold("photo", {
    stores: [shown],
    entries: ["photo"],
    write: () => ({ ...shown.get() }),
    follow: (query) =>
      new Promise<void>((resolve) => {
        const done = (photo = query.photo ?? "") => {
          shown.set({ photo });
          resolve();
        };
        opening.push({ query, done });
      }),
  });
  return { shown, opening, stop };
}

beforeEach(() => {
  bar = new Bar();
  vi.stubGlobal("window", bar);
  vi.stubGlobal("history", bar);
  vi.stubGlobal("location", bar);
  startRouter(["paint", "photo"]);
});

describe("an address", () => {
  test("says what is shown: a new thing is an entry, a detail is not", async () => {
    const { shown, opening } = bench();
    expect(opening).toHaveLength(0);
    shown.set({ photo: "a" });
    await rest();
    expect(bar.entries).toEqual(["#/photo", "#/photo?photo=a"]);
    shown.set({ view: "paint" });
    await rest();
    expect(bar.entries).toEqual(["#/photo", "#/photo?photo=a&view=paint"]);
  });

  test("that is typed is followed, and nothing is written meanwhile", async () => {
    const { shown, opening } = bench("a");
    opening[0]?.done();
    await rest();
    bar.type("#/photo?photo=b")();
    expect(opening.at(-1)?.query).toEqual({ photo: "b" });
    shown.set({ view: "result" });
    await rest();
    expect(bar.hash).toBe("#/photo?photo=b");
    opening.at(-1)?.done();
    await rest();
    expect(bar.hash).toBe("#/photo?photo=b&view=result");
  });

  test("that was asked for meanwhile is not written over by one that is done later", async () => {
    const { opening } = bench("a");
    bar.type("#/photo?photo=b")();
    bar.type("#/photo?photo=c")();
    const [b, c] = opening.slice(-2);
    b?.done("b");
    await rest();
    expect(bar.hash).toBe("#/photo?photo=c");
    c?.done("c");
    await rest();
    expect(bar.hash).toBe("#/photo?photo=c");
    expect(router.get().route.query.photo).toBe("c");
  });

  test("of which the browser has not told yet is not written over", async () => {
    const { shown, opening } = bench();
    const tell = bar.type("#/photo?photo=b");
    shown.set({ view: "paint" });
    await rest();
    expect(bar.hash).toBe("#/photo?photo=b");
    tell();
    expect(opening.at(-1)?.query).toEqual({ photo: "b" });
  });

  test("that cannot be followed becomes that of what is shown", async () => {
    const { opening } = bench();
    bar.type("#/photo?photo=gone")();
    opening.at(-1)?.done("");
    await rest();
    expect(bar.hash).toBe("#/photo");
  });

  test("of another page is left alone", async () => {
    const { shown, stop } = bench();
    bar.type("#/paint")();
    shown.set({ photo: "a" });
    await rest();
    expect(bar.hash).toBe("#/paint");
    stop();
    bar.type("#/photo?photo=z")();
    await rest();
    expect(bar.hash).toBe("#/photo?photo=z");
  });

  test("is followed where a control changes it", () => {
    const { opening } = bench("a");
    opening[0]?.done();
    show({ photo: "b" }, false);
    expect(opening.at(-1)?.query.photo).toBe("b");
  });
});
