import { Button } from "./controls";
import { copy } from "./messages";

/** The line that does the same in a terminal, to be copied; `busy` while another is on its way. */
export function CommandLine({ line, busy }: { line: string; busy: boolean }) {
  return (
    <div class="command-line" aria-busy={busy}>
      <code>{line}</code>
      <Button
        kind="icon"
        icon="copy"
        label="Copy the command line"
        onClick={() => void copy(line, "Command line")}
      />
    </div>
  );
}
