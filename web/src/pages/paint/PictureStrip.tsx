import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { address } from "../../api/client";
import { classCount, className } from "../../engine/classes";
import { LARGEST_SEED, page, pageOf, parseSeed, shuffle } from "../../engine/seeds";
import { Button, Select, Strip, useStore } from "../../kit";
import { openSeed, paint } from "./session";

const COUNT = 12;

/** The picture by its number; leaving the field loads it, and gives the keyboard back to the shortcuts. */
function SeedField({ seed }: { seed: number }) {
  const [text, setText] = useState(String(seed));
  useLayoutEffect(() => setText(String(seed)), [seed]);
  const typed = parseSeed(text);
  return (
    <form
      class="seed"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== null) event.currentTarget.querySelector("input")?.blur();
      }}
    >
      <label>
        <span>Seed</span>
        <input
          type="text"
          inputMode="numeric"
          data-testid="seed"
          value={text}
          aria-invalid={typed === null}
          title={`A whole number from 0 to ${LARGEST_SEED}`}
          onInput={(event) => setText(event.currentTarget.value)}
          onBlur={() => typed !== null && typed !== seed && void openSeed(typed)}
        />
      </label>
    </form>
  );
}

/** Other pictures of the model to paint on. */
export function PictureStrip() {
  const { model, seed, classIndex, picture } = useStore(paint);
  const drawn = useRef(false); // the other pictures are asked for once the one that is worked on is there
  drawn.current ||= picture !== null;
  const [start, setStart] = useState(pageOf(seed, COUNT));
  useEffect(() => setStart((now) => (page(now, COUNT).includes(seed) ? now : pageOf(seed, COUNT))), [seed]);
  const thumbs = (model ? page(start, COUNT) : []).map((one) => ({
    id: `${one}`,
    testid: `thumb-${one}`,
    label: `Picture ${one}`,
    picture: drawn.current ? address.picture(model?.name ?? "", one, classIndex) : null,
    onChoose: () => openSeed(one),
  }));
  return (
    <Strip label="Pictures" thumbs={thumbs} chosen={`${seed}`}>
      {model && classIndex !== null && (
        <Select
          label="Class"
          value={String(classIndex)}
          choices={Array.from({ length: classCount(model) }, (_, index) => ({
            value: String(index),
            label: className(model, index),
          }))}
          testid="paint-class"
          onChange={(chosen) => void openSeed(seed, Number(chosen))}
        />
      )}
      <Button
        icon="shuffle"
        label="Others"
        testid="shuffle"
        onClick={() => setStart(shuffle(Math.random, COUNT, start))}
      />
      <SeedField seed={seed} />
    </Strip>
  );
}
