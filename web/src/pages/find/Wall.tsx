import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { page, shuffle } from "../../engine/seeds";
import { Button, Icon } from "../../kit";

const COUNT = 24;

interface Props {
  /** Pictures that are shown in any case. */
  readonly kept: readonly number[];
  readonly pictureOf: (seed: number) => string;
  readonly isPressed: (seed: number) => boolean;
  /** What lies over a picture. */
  readonly over: (seed: number) => ComponentChildren;
  readonly label: (seed: number) => string;
  readonly onChoose: (seed: number) => void;
}

/** Pictures of the model to choose from; those that were chosen stay when others come. */
export function Wall({ kept, pictureOf, isPressed, over, label, onChoose }: Props) {
  const [start, setStart] = useState(0);
  const here = page(start, COUNT);
  const seeds = [...kept.filter((seed) => !here.includes(seed)), ...here];
  return (
    <div class="find-wall">
      <ul aria-label="Pictures" data-testid="find-wall">
        {seeds.map((seed) => (
          <li key={seed}>
            <button
              type="button"
              data-testid={`picture-${seed}`}
              aria-pressed={isPressed(seed)}
              aria-label={label(seed)}
              onClick={() => onChoose(seed)}
            >
              <img src={pictureOf(seed)} alt="" loading="lazy" />
              {over(seed)}
            </button>
          </li>
        ))}
      </ul>
      <Button
        icon="shuffle"
        label="Other pictures"
        testid="find-others"
        onClick={() => setStart(shuffle(Math.random, COUNT, start))}
      />
    </div>
  );
}

/** Says that a picture was chosen. */
export const Chosen = () => (
  <span class="find-chosen">
    <Icon name="check" size={18} />
  </span>
);
