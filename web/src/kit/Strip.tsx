import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface Thumb {
  readonly id: string;
  readonly testid: string;
  readonly label: string;
  /** Its address; null until it may be asked for. */
  readonly picture: string | null;
  readonly onChoose: () => unknown;
}

interface Props {
  readonly label: string;
  readonly thumbs: readonly Thumb[];
  /** The one that is shown; it is scrolled to. */
  readonly chosen: string;
  /** What stands beside the pictures. */
  readonly children: ComponentChildren;
  readonly class?: string;
}

/** Pictures in a row, to choose what is worked on. */
export function Strip({ label, thumbs, chosen, children, class: more = "" }: Props) {
  const row = useRef<HTMLDivElement>(null);
  const shown = thumbs.map((thumb) => thumb.picture).join();
  useEffect(() => {
    const button = row.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (!row.current || !button) return;
    row.current.scrollLeft = button.offsetLeft - row.current.offsetLeft - row.current.clientWidth / 2 + 38;
  }, [chosen, shown]);
  return (
    <section class={`strip ${more}`} aria-label={label}>
      <div class="strip-pictures" ref={row}>
        {thumbs.map((thumb) => (
          <button
            type="button"
            key={thumb.id}
            class="thumb"
            data-testid={thumb.testid}
            aria-label={thumb.label}
            aria-pressed={thumb.id === chosen}
            onClick={() => void thumb.onChoose()}
          >
            {thumb.picture && <img src={thumb.picture} alt="" width="64" height="64" />}
          </button>
        ))}
      </div>
      <div class="strip-tools">{children}</div>
    </section>
  );
}
