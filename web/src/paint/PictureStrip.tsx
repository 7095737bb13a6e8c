import { useEffect, useState } from "preact/hooks";
import { address } from "../api/client";
import { LARGEST_SEED, page, pageOf, parseSeed, shuffle } from "../engine/seeds";
import { Button } from "../ui/controls";
import { useStore } from "../ui/hooks";
import { openSeed, paint } from "./session";

const COUNT = 12;

/** Other pictures of the model to paint on. */
export function PictureStrip() {
  const { model, seed } = useStore(paint);
  const [start, setStart] = useState(pageOf(seed, COUNT));
  const [text, setText] = useState(String(seed));
  useEffect(() => {
    setText(String(seed));
    setStart((now) => (page(now, COUNT).includes(seed) ? now : pageOf(seed, COUNT)));
  }, [seed]);
  const typed = parseSeed(text);
  const other = () => setStart(shuffle(Math.random, COUNT, start));
  return (
    <section class="strip" aria-label="Pictures">
      <div class="strip-pictures">
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
              <img src={address.picture(model.name, one)} alt="" width="64" height="64" />
            </button>
          ))}
      </div>
      <div class="strip-tools">
        <Button
          kind="plain"
          icon="shuffle"
          label="Others"
          action="shuffle"
          testid="shuffle"
          onClick={other}
        />
        <form
          class="seed"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed !== null) void openSeed(typed);
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
