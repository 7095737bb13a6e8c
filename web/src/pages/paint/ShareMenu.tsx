import { useRef, useState } from "preact/hooks";
import { Button, tip } from "../../kit/controls";
import { useClosing } from "../../kit/hooks";
import { Icon } from "../../kit/Icon";
import type { IconName } from "../../kit/icons";
import { copyCommand, copyLink, exportPng } from "./exporting";
import { PaintingsDialog } from "./PaintingsDialog";
import { importFile } from "./session";

/** Save, copy, open. */
export function ShareMenu() {
  const [open, setOpen] = useState(false);
  const [paintings, setPaintings] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const file = useRef<HTMLInputElement>(null);
  useClosing(root, open, () => setOpen(false));
  const item = (label: string, icon: IconName, run: () => void, testid: string, action?: string) => (
    <button
      type="button"
      class="menu-item"
      data-testid={testid}
      onClick={() => {
        setOpen(false);
        run();
      }}
    >
      <Icon name={icon} size={18} />
      <span>{action ? tip(label, action) : label}</span>
    </button>
  );
  return (
    <div class="group share" ref={root}>
      <Button
        kind="icon"
        icon="download"
        label="Save as PNG, recipe inside"
        action="export"
        testid="export-png"
        onClick={() => void exportPng()}
      />
      <button
        type="button"
        class="button icon"
        data-testid="share-menu"
        aria-label="More: links, commands, paintings"
        data-tip="Links, commands, paintings"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open && (
        <div class="menu">
          {item("Copy a link to this", "link", () => void copyLink(), "copy-link")}
          {item("Copy as command line", "code", () => void copyCommand("cli"), "copy-cli")}
          {item("Copy as Python", "code", () => void copyCommand("python"), "copy-python")}
          <hr />
          {item("My paintings", "folder", () => setPaintings(true), "paintings")}
          {item("Open a PNG or recipe", "upload", () => file.current?.click(), "import")}
        </div>
      )}
      <input
        ref={file}
        type="file"
        class="sr-only"
        tabIndex={-1}
        aria-label="A PNG with its recipe inside, or a recipe"
        data-testid="import-file"
        accept=".png,.json,image/png,application/json"
        onChange={(event) => {
          const [chosen] = event.currentTarget.files ?? [];
          event.currentTarget.value = "";
          if (chosen) void importFile(chosen);
        }}
      />
      {paintings && <PaintingsDialog onClose={() => setPaintings(false)} />}
    </div>
  );
}
