import type { Continuation } from "../../api/facts";
import { type Mark, marked } from "./marking";

interface Props {
  readonly text: string;
  readonly read: Continuation | null;
  readonly mark: Mark | null;
  readonly onText: (text: string) => void;
  readonly onMark: (mark: Mark) => void;
}

/** The prompt, its tokens to mark the subject in, and the words that may come next. */
export function PromptPanel({ text, read, mark, onText, onMark }: Props) {
  const most = Math.max(1e-9, ...(read?.words ?? []).map((word) => word.probability));
  return (
    <section class="panel facts-prompt" aria-label="Prompt">
      <label>
        <span class="hint">Prompt: the words that come before the object</span>
        <input
          type="text"
          data-testid="facts-prompt"
          value={text}
          maxLength={4000}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </label>
      <div>
        <p class="hint">Subject: choose its first and its last token</p>
        <div class="facts-tokens" role="group" aria-label="Tokens of the prompt" data-testid="facts-tokens">
          {(read?.tokens ?? []).map((token, index) => (
            <button
              key={index}
              type="button"
              aria-pressed={mark !== null && mark[0] <= index && index <= mark[1]}
              onClick={() => onMark(marked(mark, index))}
            >
              {token.trim() || "␣"}
            </button>
          ))}
        </div>
      </div>
      <div>
        <p class="hint">What the model says next</p>
        <ol class="facts-words" aria-label="Next words" data-testid="facts-words" aria-busy={read === null}>
          {(read?.words ?? []).map((word) => (
            <li key={word.text}>
              <b>{word.text.trim() || "␣"}</b>
              <span aria-hidden="true">
                <i style={{ width: `${(100 * word.probability) / most}%` }} />
              </span>
              <small>{(100 * word.probability).toFixed(1)} %</small>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
