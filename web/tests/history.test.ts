import { describe, expect, test } from "vitest";
import { History, operationLabel } from "../src/engine/history";
import { stroke } from "./strokes";

const ids = (history: History) => history.strokes.map((one) => one.id).join("");

function painted(letters: string): History {
  const history = new History();
  for (const letter of letters) history.add(stroke(letter));
  return history;
}

describe("undo and redo", () => {
  test("step over every stroke, one at a time", () => {
    const history = painted("abc");
    history.undo();
    expect(ids(history)).toBe("ab");
    history.undo();
    history.undo();
    expect(ids(history)).toBe("");
    expect(history.undo()).toBe(false);
    history.redo();
    expect(ids(history)).toBe("a");
  });

  test("step back exactly over 500 strokes and forward again", () => {
    const history = new History();
    const states = [history.strokes];
    for (let i = 0; i < 500; i++) {
      history.add(stroke(`s${i}`));
      states.push(history.strokes);
    }
    for (let i = 500; i >= 0; i--) {
      expect(history.strokes).toEqual(states[i]);
      expect(history.undo()).toBe(i > 0);
    }
    while (history.redo());
    expect(history.strokes).toEqual(states[500]);
  });

  test("redo is over once something new is done", () => {
    const history = painted("ab");
    history.undo();
    history.add(stroke("c"));
    expect(history.canRedo).toBe(false);
    expect(ids(history)).toBe("ac");
  });

  test("bring back what a reset took away", () => {
    const history = painted("abc");
    expect(history.reset()).toBe(true);
    expect(ids(history)).toBe("");
    history.undo();
    expect(ids(history)).toBe("abc");
  });
});

describe("a stroke that is taken back", () => {
  test("was never there: it can be neither undone nor redone", () => {
    const history = painted("ab");
    expect(history.takeBack("b")).toBe(true);
    expect(ids(history)).toBe("a");
    expect(history.canRedo).toBe(false);
    expect(history.steps).toHaveLength(1);
    history.add(stroke("c"));
    expect(ids(history)).toBe("ac");
  });

  test("is the newest, or none", () => {
    const history = painted("ab");
    expect(history.takeBack("a")).toBe(false);
    history.undo();
    expect(history.takeBack("b")).toBe(false);
    history.redo();
    history.setHidden("b", true);
    expect(history.takeBack("b")).toBe(false);
    expect(history.steps).toHaveLength(3);
  });
});

describe("single strokes", () => {
  test("can be hidden, keep their place, and be shown again", () => {
    const history = painted("abc");
    history.setHidden("b", true);
    expect(ids(history)).toBe("ac");
    expect(history.placed.map((one) => one.stroke.id).join("")).toBe("abc");
    history.setHidden("b", false);
    expect(ids(history)).toBe("abc");
  });

  test("hiding what is hidden is no step", () => {
    const history = painted("a");
    history.setHidden("a", true);
    expect(history.setHidden("a", true)).toBe(false);
    expect(history.steps).toHaveLength(2);
  });

  test("can be deleted from the middle, and undone", () => {
    const history = painted("abc");
    expect(history.remove("b")).toBe(true);
    expect(ids(history)).toBe("ac");
    history.undo();
    expect(ids(history)).toBe("abc");
  });

  test("that are not there cannot be changed", () => {
    const history = painted("a");
    expect(history.remove("z")).toBe(false);
    expect(history.setHidden("z", true)).toBe(false);
    expect(new History().reset()).toBe(false);
  });
});

describe("jumping", () => {
  test("goes to any step, back and forward", () => {
    const history = painted("abcd");
    history.jump(1);
    expect(ids(history)).toBe("a");
    history.jump(3);
    expect(ids(history)).toBe("abc");
    expect(history.canRedo).toBe(true);
  });

  test("to where one is, or outside, does nothing", () => {
    const history = painted("ab");
    expect([history.jump(2), history.jump(-1), history.jump(3)]).toEqual([false, false, false]);
  });
});

describe("branches", () => {
  test("keep what was undone and painted over", () => {
    const history = painted("abc");
    history.jump(1);
    history.add(stroke("x"));
    expect(history.branches).toHaveLength(1);
    expect(history.restore(0)).toBe(true);
    expect(ids(history)).toBe("abc");
  });

  test("swap with what they replace", () => {
    const history = painted("ab");
    history.undo();
    history.add(stroke("x"));
    history.restore(0);
    history.restore(0);
    expect(ids(history)).toBe("ax");
    expect(history.branches).toHaveLength(1);
  });

  test("that do not exist cannot be restored", () => {
    expect(painted("a").restore(0)).toBe(false);
  });
});

describe("a saved history", () => {
  test("comes back with its cursor and branches", () => {
    const history = painted("abc");
    history.undo();
    history.add(stroke("x"));
    history.undo();
    const again = new History(history.save());
    expect(ids(again)).toBe("ab");
    expect(again.canRedo).toBe(true);
    again.restore(0);
    expect(ids(again)).toBe("abc");
  });

  test("with a cursor outside is taken to its end", () => {
    const history = new History({ operations: painted("ab").steps, cursor: 99, branches: [] });
    expect(ids(history)).toBe("ab");
  });

  test("is not changed by what is done afterwards", () => {
    const history = painted("a");
    const saved = history.save();
    history.add(stroke("b"));
    expect(saved.operations).toHaveLength(1);
  });
});

test("steps are named after what they did", () => {
  const history = painted("a");
  history.setHidden("a", true);
  const [first, second] = history.steps;
  if (!first || !second) throw new Error("two operations were expected");
  expect(operationLabel(first, history.steps)).toBe("Draw door");
  expect(operationLabel(second, history.steps)).toBe("Hide: draw door");
});
