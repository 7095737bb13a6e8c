import { describe, expect, test } from "vitest";
import { Latest } from "../src/engine/latest";

/** A server that answers when the test says so. */
function bench() {
  const sent: { request: string; answer: (text: string) => void; refuse: (error: Error) => void }[] = [];
  const shown: string[] = [];
  const failed: string[] = [];
  const latest = new Latest<string, string>(
    (request) => new Promise((answer, refuse) => sent.push({ request, answer, refuse })),
    (answer) => shown.push(answer),
    (error) => failed.push(String(error)),
  );
  return { sent, shown, failed, latest, names: () => sent.map((one) => one.request).join("") };
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

describe("latest wins", () => {
  test("the running one is finished, then only the newest is sent", async () => {
    const { sent, shown, latest, names } = bench();
    for (const letter of "abcd") latest.ask(letter);
    expect(names()).toBe("a");
    sent[0]?.answer("A");
    await soon();
    expect(shown).toEqual(["A"]);
    expect(names()).toBe("ad");
    sent[1]?.answer("D");
    await soon();
    expect(shown).toEqual(["A", "D"]);
    expect(latest.busy).toBe(false);
  });

  test("somebody who never stops moving still sees every answer", async () => {
    const { sent, shown, latest } = bench();
    for (let i = 0; i < 5; i++) {
      latest.ask(`${i}a`);
      latest.ask(`${i}b`);
      sent.at(-1)?.answer(`${i}`);
      await soon();
    }
    expect(shown).toEqual(["0", "1", "2", "3", "4"]);
  });

  test("an urgent request does not wait for the one under way", () => {
    const { latest, names } = bench();
    latest.ask("a");
    latest.ask("z", true);
    expect(names()).toBe("az");
  });

  test("a stale answer is not shown after a newer one", async () => {
    const { sent, shown, latest } = bench();
    latest.ask("a");
    latest.ask("z", true);
    sent[1]?.answer("Z");
    await soon();
    sent[0]?.answer("A");
    await soon();
    expect(shown).toEqual(["Z"]);
  });

  test("what was dropped is neither sent nor shown", async () => {
    const { sent, shown, latest, names } = bench();
    latest.ask("a");
    latest.ask("b");
    latest.drop();
    sent[0]?.answer("A");
    await soon();
    expect(shown).toEqual([]);
    expect(names()).toBe("a");
  });

  test("a failure is told and does not stop what follows", async () => {
    const { sent, shown, failed, latest } = bench();
    latest.ask("a");
    latest.ask("b");
    sent[0]?.refuse(new Error("no"));
    await soon();
    sent[1]?.answer("B");
    await soon();
    expect(failed).toEqual(["Error: no"]);
    expect(shown).toEqual(["B"]);
  });

  test("without a connection only the newest is kept, and sent on resuming", () => {
    const { latest, names } = bench();
    latest.pause();
    latest.ask("a");
    latest.ask("b");
    expect(names()).toBe("");
    latest.resume();
    expect(names()).toBe("b");
  });
});
