import { copy } from "../app/messages";
import { Button } from "./controls";

/** The line that does the same in a terminal, to be copied. */
export function CommandLine({ line }: { line: string }) {
  return (
    <div class="command-line">
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
