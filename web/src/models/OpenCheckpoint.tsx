import { useRef, useState } from "preact/hooks";
import { api, type ModelInfo, type Problem, problemOf } from "../api/client";
import { sizeOf } from "../engine/numbers";
import { Button, Notice } from "../ui/controls";
import { useLoaded } from "../ui/hooks";

interface Props {
  /** Told of a model that was opened. */
  readonly onOpened: (model: ModelInfo) => void;
}

/** Open a checkpoint: dropped, chosen, or from the folders that the launch named. */
export function OpenCheckpoint({ onOpened }: Props) {
  const { value } = useLoaded("checkpoints", api.checkpoints);
  const [busy, setBusy] = useState("");
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const running = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);

  async function take(name: string, open: (signal: AbortSignal) => Promise<ModelInfo>) {
    if (busy) return;
    const control = new AbortController();
    running.current = control;
    setBusy(name);
    setProblem(null);
    try {
      onOpened(await open(control.signal));
    } catch (error) {
      if (!control.signal.aborted) setProblem(problemOf(error));
    } finally {
      setBusy("");
    }
  }

  function upload(file: File | undefined) {
    if (!file) return;
    if (value && file.size > value.largest) {
      const detail = `${file.name} has ${sizeOf(file.size)}; at most ${sizeOf(value.largest)} can be sent.`;
      const hint = "Name its folder at the start: inscape studio --checkpoints FOLDER";
      setProblem({ title: "Too large to send", detail, hint });
      return;
    }
    void take(file.name, (signal) => api.uploadCheckpoint(file, signal));
  }

  const files = value?.files ?? [];
  return (
    <section class="panel open-checkpoint" aria-label="Open a checkpoint">
      <fieldset
        class={`drop ${over ? "over" : ""}`}
        data-testid="checkpoint-drop"
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          upload(event.dataTransfer?.files[0]);
        }}
      >
        <legend class="sr-only">A checkpoint of your own</legend>
        <p>
          Drop a checkpoint here: a StyleGAN2 or StyleGAN3 of NVIDIA, a StyleGAN2 of rosinality, a ProGAN, a
          DCGAN, or safetensors with a card. Nothing in it is run.
        </p>
        <input
          ref={input}
          class="sr-only"
          type="file"
          tabIndex={-1}
          aria-hidden="true"
          data-testid="checkpoint-file"
          onChange={(event) => {
            upload(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
        <Button
          label={busy ? "Opening…" : "Choose a file"}
          testid="checkpoint-choose"
          disabled={busy !== ""}
          onClick={() => input.current?.click()}
        />
        {busy && <Button kind="quiet" label="Cancel" onClick={() => running.current?.abort()} />}
      </fieldset>
      <p role="status" class="hint">
        {busy && `Opening ${busy}…`}
      </p>
      {problem && <Notice {...problem} />}
      {files.length > 0 && (
        <ul class="checkpoint-files">
          {files.map((file) => (
            <li key={`${file.folder}/${file.name}`}>
              <span>{file.name}</span>
              <span class="hint">
                {sizeOf(file.bytes)}, {file.place}
              </span>
              <Button
                kind="quiet"
                label="Open"
                disabled={busy !== ""}
                onClick={() =>
                  void take(file.name, () => api.openCheckpoint({ folder: file.folder, name: file.name }))
                }
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
