import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobInfo } from "../src/api/client";
import { Follower } from "../src/kit/jobs";
import { loadModels, studioModels } from "../src/kit/models";

type Answer = { status: number; body: unknown };

/** A studio that answers each request when the test says so. */
class Studio {
  readonly asked: { method: string; path: string; answer: (body: unknown, status?: number) => void }[] = [];

  fetch = (path: string, init: RequestInit = {}) =>
    new Promise<Response>((resolve) => {
      const answer = (body: unknown, status = 200) =>
        resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "text/json" } }));
      this.asked.push({ method: init.method ?? "GET", path, answer });
    });

  /** Answer the oldest request of that kind that waits. */
  async answer(method: string, path: string, { status, body }: Answer): Promise<void> {
    await vi.waitFor(() =>
      expect(this.asked.some((one) => one.method === method && one.path === path)).toBe(true),
    );
    const at = this.asked.findIndex((one) => one.method === method && one.path === path);
    this.asked.splice(at, 1)[0]?.answer(body, status);
    await vi.advanceTimersByTimeAsync(0);
  }
}

const job = (state: JobInfo["state"], id = "a") => ({ id, state, error: null, result: null }) as JobInfo;
const ok = (body: unknown): Answer => ({ status: 200, body });
let studio: Studio;

beforeEach(() => {
  vi.useFakeTimers();
  studio = new Studio();
  vi.stubGlobal("fetch", studio.fetch);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a job that is stopped", () => {
  test("has ended though what stopping it came to arrives last", async () => {
    const follower = new Follower();
    const ended = follower.follow(() => Promise.resolve(job("running")));
    await vi.advanceTimersByTimeAsync(0);
    const stopped = follower.stop();
    await vi.advanceTimersByTimeAsync(200);
    await studio.answer("GET", "api/jobs/a", ok(job("cancelled")));
    expect((await ended)?.state).toBe("cancelled");
    await studio.answer("DELETE", "api/jobs/a", ok(job("running")));
    await stopped;
    expect(follower.active).toBe(false);
  });

  test("but had ended by then, and is off the list, is shown as it ended", async () => {
    const follower = new Follower();
    const ended = follower.follow(() => Promise.resolve(job("running")));
    await vi.advanceTimersByTimeAsync(0);
    void follower.stop();
    await vi.advanceTimersByTimeAsync(200);
    await studio.answer("GET", "api/jobs/a", { status: 404, body: null });
    await studio.answer("DELETE", "api/jobs/a", ok(job("done")));
    expect((await ended)?.state).toBe("done");
    expect(follower.store.get().problem).toBeNull();
  });
});

test("stopping what has just been asked for does not stop what was followed before", async () => {
  const follower = new Follower();
  void follower.follow(() => Promise.resolve(job("running", "old")));
  await vi.advanceTimersByTimeAsync(0);
  void follower.follow(() => new Promise(() => undefined));
  await follower.stop();
  expect(follower.active).toBe(true);
  expect(studio.asked).toEqual([]);
});

test("a job that has ended since the page asked for what it comes to is found", async () => {
  const follower = new Follower();
  const found = follower.pickUp(({ id }) => id === "a");
  await vi.advanceTimersByTimeAsync(0);
  await studio.answer("GET", "api/jobs", ok({ jobs: [job("done", "b"), job("done")] }));
  await studio.answer("GET", "api/jobs/a", ok(job("done")));
  expect((await found)?.id).toBe("a");
});

test("a step that the studio does not answer for is told again", async () => {
  const follower = new Follower();
  const told: string[] = [];
  const away = vi.fn(studio.fetch).mockRejectedValueOnce(new TypeError("away"));
  vi.stubGlobal("fetch", away);
  const ended = follower.follow(
    () => Promise.resolve(job("done")),
    async ({ state }) => {
      const { request } = await import("../src/api/client");
      await request("api/photos/p");
      told.push(state);
    },
  );
  await vi.advanceTimersByTimeAsync(200);
  await studio.answer("GET", "api/jobs/a", ok(job("done")));
  await studio.answer("GET", "api/photos/p", ok({}));
  expect((await ended)?.state).toBe("done");
  expect(told).toEqual(["done"]);
});

test("of two lists of models the one that was asked for last counts, whichever comes first", async () => {
  const list = (name: string) => ok({ models: [{ name }] });
  const first = loadModels();
  await vi.advanceTimersByTimeAsync(0);
  const second = loadModels(true);
  await vi.advanceTimersByTimeAsync(0);
  const [old, now] = studio.asked.filter((one) => one.path === "api/models");
  for (const one of studio.asked.filter(({ path }) => path === "api/studio")) one.answer({});
  now?.answer(list("new").body);
  await second;
  old?.answer(list("old").body);
  await first;
  expect(studioModels.get().models.map(({ name }) => name)).toEqual(["new"]);
});
