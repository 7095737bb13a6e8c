interface Props {
  /** What is awaited, without a full stop. */
  readonly what: string;
  readonly testid?: string;
  /** Whether nothing is under way any more. */
  readonly still?: boolean;
}

/** Takes the place of a picture until it is there. */
export function Loading({ what, testid, still = false }: Props) {
  return (
    <p class={`loading ${still ? "still" : ""}`} role="status" data-testid={testid}>
      {!still && <span class="spinner" aria-hidden="true" />}
      <span>{what}</span>
    </p>
  );
}
