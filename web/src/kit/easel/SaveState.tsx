import { problemOf } from "../../api/client";
import { Button, complain, Icon, useStore } from "..";
import { useEasel } from "./easel";

const TEXT = {
  new: "Saved as you paint",
  saving: "Saving…",
  saved: "Saved",
  offline: "Not saved: no connection",
  failed: "Not saved",
  conflict: "Changed in another tab",
} as const;

/** Whether the work is kept, always in sight. */
export function SaveState() {
  const { paint, painter, reload: again } = useEasel();
  const { save } = useStore(paint);
  const good = save === "saved" || save === "new";
  const reload = () => void again().catch((error: unknown) => complain(problemOf(error)));
  return (
    <p
      class={`save ${good ? "good" : save}`}
      data-testid="save-state"
      data-saved={save === "saved" || save === "new"}
    >
      {good ? <Icon name="check" size={16} /> : save !== "saving" && <Icon name="warning" size={16} />}
      <span>{TEXT[save]}</span>
      {save === "conflict" && <Button label="Load it again" onClick={reload} />}
      {(save === "failed" || save === "offline") && (
        <Button label="Try again" onClick={() => painter.retry()} />
      )}
    </p>
  );
}
