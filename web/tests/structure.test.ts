import { expect, test } from "vitest";

const sources = import.meta.glob<string>("../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** What each file imports of ours, types included, as paths below `src` without endings. */
const imports = new Map(
  Object.entries(sources).map(([path, text]) => {
    const file = path.replace("../src/", "");
    const found = [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)].map(([, to = ""]) => join(file, to));
    return [file.replace(/\.tsx?$/, ""), found];
  }),
);

/** Where a relative import leads. */
function join(file: string, to: string): string {
  return new URL(to, `file:///${file}`).pathname.slice(1);
}

const rooms = ["engine", "api", "kit", "pages"];
/** The engine knows the shapes of what the studio answers, and nothing else of the world. */
const shapes = /^(engine|api\/(client|defaults|types))/;

test("imports go from the pages down to the engine, and no page knows another", () => {
  const wrong = (file: string, to: string) => {
    const [[room = "", page], [other = "", name]] = [file.split("/"), to.split("/")];
    if (room === "pages" && other === "pages") return name !== page;
    if (room === "engine") return !shapes.test(to);
    return rooms.includes(room) && rooms.indexOf(other) > rooms.indexOf(room);
  };
  const faults = [...imports].flatMap(([file, all]) =>
    all.filter((to) => wrong(file, to)).map((to) => [file, to]),
  );
  expect(imports.size).toBeGreaterThan(100);
  expect(faults).toEqual([]);
});

test("no two files import each other", () => {
  const circles = [...imports].flatMap(([file, all]) =>
    all.filter((to) => file < to && imports.get(to)?.includes(file)).map((to) => [file, to]),
  );
  expect(circles).toEqual([]);
});
