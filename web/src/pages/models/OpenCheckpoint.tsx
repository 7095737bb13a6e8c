import { useRef, useState } from "preact/hooks";
import { api, type CheckpointFile, type ModelInfo, type Problem, problemOf } from "../../api/client";
import { sizeOf } from "../../engine/numbers";
import { Button, Notice } from "../../kit/controls";
import { DropVeil, useDropping } from "../../kit/dropping";
import { useLoaded } from "../../kit/hooks";

interface Props {
  /** Told of a model that was opened, or is to be shown. */
  readonly onOpened: (model: string) => void;
}

const keyOf = ({ folder, name }: CheckpointFile) => `${folder}/${name}`;

function FileRow(props: {
  file: CheckpointFile;
  busy: boolean;
  problem: Problem | undefined;
  onOpen: () => void;
  onShow: (model: string) => void;
}) {
  const { file, busy, problem, onOpen, onShow } = props;
  const { model } = file;
  return (
    <li>
      <span>{file.name}</span>
      <span class="hint">
        {sizeOf(file.bytes)}, {file.place}
      </span>
      {model === null ? (
        <Button kind="quiet" label="Open" disabled={busy} onClick={onOpen} />
      ) : (
        <Button kind="quiet" label={`Show ${model}`} onClick={() => onShow(model)} />
      )}
      {problem && <Notice {...problem} />}
    </li>
  );
}

/** Open a checkpoint: dropped, chosen, or from the folders that the launch named. */
export function OpenCheckpoint({ onOpened }: Props) {
  const { value, reload } = useLoaded("checkpoints", api.checkpoints);
  const [busy, setBusy] = useState("");
  /** What failed last and why, by file; under no name what was dropped or chosen. */
  const [problems, setProblems] = useState<Readonly<Record<string, Problem>>>({});
  const running = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);

  async function take(name: string, key: string, open: (signal: AbortSignal) => Promise<ModelInfo>) {
    if (busy) return;
    const control = new AbortController();
    running.current = control;
    setBusy(name);
    setProblems(({ [key]: _, ...others }) => others);
    try {
      onOpened((await open(control.signal)).name);
      reload();
    } catch (error) {
      if (!control.signal.aborted) setProblems((known) => ({ ...known, [key]: problemOf(error) }));
    } finally {
      setBusy("");
    }
  }

  function upload(file: File | undefined) {
    if (!file) return;
    if (value && file.size > value.largest) {
      const detail = `${file.name} has ${sizeOf(file.size)}; at most ${sizeOf(value.largest)} can be sent.`;
      const hint = "Name its folder at the start: inscape studio --checkpoints FOLDER";
      setProblems((known) => ({ ...known, "": { title: "Too large to send", detail, hint } }));
      return;
    }
    void take(file.name, "", (signal) => api.uploadCheckpoint(file, signal));
  }

  const over = useDropping(upload);
  const files = value?.files ?? [];
  return (
    <section class="panel open-checkpoint" aria-label="Open a checkpoint">
      <fieldset class="drop" data-testid="checkpoint-drop">
        <legend class="sr-only">A checkpoint of your own</legend>
        <p>
          Drop a checkpoint anywhere on this page: a StyleGAN2 or StyleGAN3 of NVIDIA, a StyleGAN2 of
          rosinality, a ProGAN, a DCGAN, or safetensors with a card. Nothing in it is run.
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
      {over && <DropVeil text={busy ? `Wait until ${busy} is open` : "Drop the checkpoint anywhere"} />}
      <p role="status" class="hint">
        {busy && `Opening ${busy}…`}
      </p>
      {problems[""] && <Notice {...problems[""]} />}
      {files.length > 0 && (
        <ul class="checkpoint-files">
          {files.map((file) => (
            <FileRow
              key={keyOf(file)}
              file={file}
              busy={busy !== ""}
              problem={problems[keyOf(file)]}
              onOpen={() =>
                void take(file.name, keyOf(file), () =>
                  api.openCheckpoint({ folder: file.folder, name: file.name }),
                )
              }
              onShow={onOpened}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
