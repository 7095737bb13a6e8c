import { useRef, useState } from "preact/hooks";
import { api, type CheckpointFile, type ModelInfo, type Problem, problemOf } from "../../api/client";
import { sizeOf } from "../../engine/numbers";
import { Button, chooseFile, DropVeil, FileInput, Notice, tooLarge, useDropping, useLoaded } from "../../kit";

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

/** One file is opened at a time; what failed last and why, by file, under no name what was dropped or chosen. */
function useOpening(onOpened: (model: string) => void) {
  const [busy, setBusy] = useState("");
  const [problems, setProblems] = useState<Readonly<Record<string, Problem>>>({});
  const running = useRef<AbortController | null>(null);
  const blame = (key: string, problem: Problem) => setProblems((known) => ({ ...known, [key]: problem }));
  const take = async (name: string, key: string, open: (signal: AbortSignal) => Promise<ModelInfo>) => {
    if (busy) return;
    const control = new AbortController();
    running.current = control;
    setBusy(name);
    setProblems(({ [key]: _, ...others }) => others);
    try {
      onOpened((await open(control.signal)).name);
    } catch (error) {
      if (!control.signal.aborted) blame(key, problemOf(error));
    } finally {
      setBusy("");
    }
  };
  return { busy, problems, blame, take, cancel: () => running.current?.abort() };
}

/** Drop a file or choose one. */
function Drop({
  busy,
  onFile,
  onCancel,
}: {
  busy: string;
  onFile: (file: File) => void;
  onCancel: () => void;
}) {
  const over = useDropping(onFile);
  return (
    <>
      <fieldset class="drop" data-testid="checkpoint-drop">
        <legend class="sr-only">A checkpoint of your own</legend>
        <p>
          Drop a checkpoint anywhere on this page: a StyleGAN2 or StyleGAN3 of NVIDIA, a StyleGAN2 of
          rosinality, a ProGAN, a DCGAN, or safetensors with a card. Inscape never runs code from it.
        </p>
        <FileInput name="checkpoint-file" label="A checkpoint" onFile={onFile} />
        <Button
          label={busy ? "Opening…" : "Choose a file"}
          testid="checkpoint-choose"
          disabled={busy !== ""}
          onClick={() => chooseFile("checkpoint-file")}
        />
        {busy && <Button kind="quiet" label="Cancel" onClick={onCancel} />}
      </fieldset>
      {over && <DropVeil text={busy ? `Wait until ${busy} is open` : "Drop the checkpoint anywhere"} />}
    </>
  );
}

/** Open a checkpoint: dropped, chosen, or from the folders that the launch named. */
export function OpenCheckpoint({ onOpened }: Props) {
  const { value, reload } = useLoaded("checkpoints", api.checkpoints);
  const { busy, problems, blame, take, cancel } = useOpening((model) => {
    onOpened(model);
    reload();
  });
  const upload = (file: File) => {
    const hint = "Name its folder at the start: inscape studio --checkpoints FOLDER";
    const problem = value && tooLarge(file, value.largest, hint);
    if (problem) blame("", problem);
    else void take(file.name, "", (signal) => api.uploadCheckpoint(file, signal));
  };
  const files = value?.files ?? [];
  return (
    <section class="panel open-checkpoint" aria-label="Open a checkpoint">
      <Drop busy={busy} onFile={upload} onCancel={cancel} />
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
