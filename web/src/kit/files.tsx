import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { api, type Problem, problemOf } from "../api/client";
import { sizeOf } from "../engine/numbers";
import { complain } from "./messages";

/** A chooser of files, which `chooseFile` opens by its name. */
export function FileInput(props: {
  name: string;
  label: string;
  accept?: string;
  onFile: (file: File) => unknown;
}) {
  return (
    <input
      id={props.name}
      type="file"
      class="sr-only"
      tabIndex={-1}
      aria-label={props.label}
      data-testid={props.name}
      accept={props.accept}
      onChange={(event) => {
        const [file] = event.currentTarget.files ?? [];
        event.currentTarget.value = "";
        if (file) void props.onFile(file);
      }}
    />
  );
}

export const chooseFile = (name: string): void => document.getElementById(name)?.click();

/** Why a file cannot be sent; null where it can. */
export function tooLarge({ name, size }: File, largest: number, hint: string): Problem | null {
  const detail = `${name || "It"} has ${sizeOf(size)}; at most ${sizeOf(largest)} can be sent.`;
  return size > largest ? { title: "Too large to send", detail, hint } : null;
}

/** Let the browser save what is in memory. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Let the browser save what an address holds; whether it did. What the studio refuses is said. */
export async function download(path: string, name: string): Promise<boolean> {
  try {
    saveBlob(await api.blob(path), name);
    return true;
  } catch (error) {
    complain(problemOf(error));
    return false;
  }
}

/** Whether a file is held over the page; one that is dropped anywhere on it, or pasted, is taken. */
export function useDropping(onFile: (file: File) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useLayoutEffect(() => {
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const take = (files: FileList | undefined) => files?.[0] && latest.current(files[0]);
    const dragging = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer?.files);
    };
    window.addEventListener("dragenter", dragging, options);
    window.addEventListener("dragover", dragging, options);
    window.addEventListener("dragleave", (event) => event.relatedTarget === null && setOver(false), options);
    window.addEventListener("drop", drop, options);
    window.addEventListener("paste", (event) => take(event.clipboardData?.files), options);
    return () => controller.abort();
  }, []);
  return over;
}

/** Over the whole page while a file is held over it: what happens when it is let go. */
export function DropVeil({ text }: { text: string }) {
  return (
    <div class="drop-veil" data-testid="drop-veil">
      {text}
    </div>
  );
}
