import { useStore } from "./hooks";
import { Icon } from "./Icon";
import type { Work } from "./page";

const STATES: Readonly<Record<string, string>> = {
  new: "",
  saving: "Saving…",
  saved: "Saved",
  offline: "Not saved yet: the studio does not answer",
  conflict: "Open in another tab",
  failed: "Not saved",
};

/** Whether what was done is kept. */
export function SaveNote({ work, testid }: { work: Work; testid: string }) {
  const { save } = useStore(work.store);
  return (
    <p class={`save-note ${save}`} data-testid={testid} data-save={save}>
      {save === "saved" && <Icon name="check" size={16} />} {STATES[save]}
    </p>
  );
}
