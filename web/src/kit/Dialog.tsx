import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./controls";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
  /** What stands at its top in place of the title. */
  readonly head?: ComponentChildren;
  readonly testid?: string;
}

/** A modal: Escape and a click beside it close it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children, wide = false, head, testid }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      dialog?.close(); // nothing beside a modal can have the focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does what the click beside the dialog does
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      aria-label={title}
      data-testid={testid}
      onCancel={(event) => {
        event.preventDefault(); // at once, and not a moment later, when something else may have been opened
        onClose();
      }}
      onClose={(event) => event.currentTarget.isConnected && onClose()}
      onClick={(event) => event.target === element.current && onClose()}
    >
      <header>
        {head ?? <h2>{title}</h2>}
        <Button kind="icon" icon="close" label="Close" onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
