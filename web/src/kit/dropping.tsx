import { useEffect, useRef, useState } from "preact/hooks";

/** Whether a file is held over the page; one that is dropped anywhere on it, or pasted, is taken. */
export function useDropping(onFile: (file: File) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
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
