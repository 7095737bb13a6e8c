import { useState } from "preact/hooks";
import { address, type ModelInfo } from "../../api/client";
import { ownClass } from "../../engine/classes";
import { type Box, readMarks, writeMarks } from "../../engine/marks";
import { formatRanges } from "../../engine/ranges";
import { parseSeeds } from "../../engine/seedList";
import { Button, offerUndo, Segmented, show } from "../../kit";
import { BoxOver, Stage } from "./Stage";
import { Chosen, Wall } from "./Wall";

export type By = "strokes" | "examples";

/** How many pictures show it, by what the address says. */
export const countShown = (by: By, text: string): number =>
  by === "strokes" ? readMarks(text).size : parseSeeds(text).seeds.length;

/** What was shown, in a word or two. */
export const shownAs = (by: By, count: number): string =>
  `${count} ${by === "strokes" ? "mark" : "picture"}${count === 1 ? "" : "s"}`;

interface PartProps {
  readonly model: ModelInfo;
  readonly text: string;
  readonly onShow: (text: string) => void;
}

const pictureOf = (model: ModelInfo) => (seed: number) =>
  address.picture(model.name, seed, ownClass(model, seed));

/** A picture to draw a box on, and the others. */
function Marking({ model, text, onShow }: PartProps) {
  const marks = readMarks(text);
  const [at, setAt] = useState([...marks.keys()][0] ?? 0);
  const size = model.image_size ?? 64;
  const mark = (box: Box | null) => {
    const next = new Map(marks);
    if (box) next.set(at, box);
    else next.delete(at);
    onShow(writeMarks(next));
  };
  return (
    <div class="find-marking">
      <div class="find-side">
        <Stage seed={at} picture={pictureOf(model)(at)} size={size} box={marks.get(at)} onMark={mark} />
        <p class="hint">
          Draw a box around what you mean, in this picture and in a few others.
          <span class="find-keys"> Keyboard: Enter, arrows, Shift+arrows, Delete.</span>
        </p>
      </div>
      <Wall
        kept={[...marks.keys()]}
        pictureOf={pictureOf(model)}
        isPressed={(seed) => seed === at}
        over={(seed) => {
          const box = marks.get(seed);
          return box && <BoxOver box={box} size={size} />;
        }}
        label={(seed) => `Picture ${seed}${marks.has(seed) ? ", marked" : ""}`}
        onChoose={setAt}
      />
    </div>
  );
}

/** Pictures that show it, to be chosen. */
function Choosing({ model, text, onShow }: PartProps) {
  const { seeds } = parseSeeds(text);
  const choose = (seed: number) => {
    const next = seeds.includes(seed) ? seeds.filter((one) => one !== seed) : [...seeds, seed];
    onShow(formatRanges(next.sort((a, b) => a - b)).replaceAll(" ", ""));
  };
  return (
    <>
      <p class="hint">Choose pictures that show it; a handful is enough where the others do not.</p>
      <Wall
        kept={seeds}
        pictureOf={pictureOf(model)}
        isPressed={(seed) => seeds.includes(seed)}
        over={(seed) => seeds.includes(seed) && <Chosen />}
        label={(seed) => `Picture ${seed}`}
        onChoose={choose}
      />
    </>
  );
}

/** What is looked for, shown by boxes or by pictures. The address holds it. */
export function ShowPanel({ model, by, text }: { model: ModelInfo; by: By; text: string }) {
  const count = countShown(by, text);
  const onShow = (next: string) => show({ show: next });
  const Part = by === "strokes" ? Marking : Choosing;
  const restore = (next: string) => offerUndo("Marks cleared", () => onShow(next));
  return (
    <section class="panel find-show" aria-label="What to look for">
      <div class="row">
        <Segmented
          label="How you show it"
          value={by}
          choices={[
            { value: "strokes", label: "Mark it", icon: "box", testid: "by-strokes" },
            { value: "examples", label: "Choose pictures", icon: "grid", testid: "by-examples" },
          ]}
          onChange={(value) => value !== by && show({ by: value, show: "" }, false)}
        />
        <p class="find-count" role="status" data-testid="find-count">
          {count > 0 && shownAs(by, count)}
        </p>
        {count > 0 && (
          <Button
            icon="reset"
            label="Clear"
            testid="find-clear"
            onClick={() => {
              onShow("");
              restore(text);
            }}
          />
        )}
      </div>
      <Part model={model} text={text} onShow={onShow} />
    </section>
  );
}
