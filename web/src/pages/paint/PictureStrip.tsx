import { useEffect, useRef, useState } from "preact/hooks";
import { address } from "../../api/client";
import { classCount, className } from "../../engine/classes";
import { LARGEST_SEED, page, pageOf, parseSeed, shuffle } from "../../engine/seeds";
import { Button, Select } from "../../kit/controls";
import { useStore } from "../../kit/hooks";
import { openSeed, paint } from "./session";

const COUNT = 12;

/** Other pictures of the model to paint on. */
export function PictureStrip() {
  const { model, seed, classIndex } = useStore(paint, "model", "seed", "classIndex");
  const [start, setStart] = useState(pageOf(seed, COUNT));
  const [text, setText] = useState(String(seed));
  useEffect(() => {
    setText(String(seed));
    setStart((now) => (page(now, COUNT).includes(seed) ? now : pageOf(seed, COUNT)));
  }, [seed]);
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chosen = row.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (!row.current || !chosen) return;
    row.current.scrollLeft = chosen.offsetLeft - row.current.offsetLeft - row.current.clientWidth / 2 + 38;
  }, [seed, start, model]);
  const typed = parseSeed(text);
  const other = () => setStart(shuffle(Math.random, COUNT, start));
  return (
    <section class="strip" aria-label="Pictures">
      <div class="strip-pictures" ref={row}>
        {model &&
          page(start, COUNT).map((one) => (
            <button
              type="button"
              key={one}
              class="thumb"
              data-testid={`thumb-${one}`}
              aria-label={`Picture ${one}`}
              aria-pressed={one === seed}
              onClick={() => void openSeed(one)}
            >
              <img src={address.picture(model.name, one, classIndex)} alt="" width="64" height="64" />
            </button>
          ))}
      </div>
      <div class="strip-tools">
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
        <Button kind="plain" icon="shuffle" label="Others" testid="shuffle" onClick={other} />
        <form
          class="seed"
          onSubmit={(event) => {
            event.preventDefault();
            // Leaving the field loads the picture, and gives the keyboard back to the shortcuts.
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
      </div>
    </section>
  );
}
