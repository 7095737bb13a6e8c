import { useEffect, useRef } from "preact/hooks";
import { json, type ModelInfo, part } from "../../api/client";
import { formatRanges } from "../../engine/ranges";
import { parseSeeds } from "../../engine/seedList";
import {
  Button,
  Loading,
  Notice,
  router,
  Select,
  show,
  useLoaded,
  useModels,
  useStore,
  VerbLine,
} from "../../kit";
import { EvidenceView } from "./EvidenceView";
import { Photos } from "./Photos";
import type { Evidence, SeenPhoto, SeenPhotoList } from "./shapes";

interface Props {
  readonly model: ModelInfo;
  readonly photo: SeenPhoto;
}

/** The evidence for a class of one photo; the last one stays until the next is there. */
function Explained({ model, photo }: Props) {
  const { query } = useStore(router).route;
  const asked = new URLSearchParams({ photo: photo.id });
  if (query.of) asked.set("of", query.of);
  if (query.off) asked.set("off", query.off); // what cannot be read there, the studio says
  const path = `api/models/${part(model.name)}/evidence?${asked}`;
  const { value, problem } = useLoaded(path, () => json<Evidence>(path));
  const last = useRef<Evidence | null>(null);
  if (value) last.current = value;
  const off = value?.off ?? parseSeeds(query.off ?? "").seeds;
  const ranges = formatRanges([...off].sort((a, b) => a - b)).replaceAll(" ", "");
  const line = {
    model: model.argument,
    picture: photo.example ? "photo.jpg" : photo.name,
    of: query.of || null,
    off: ranges || query.off || null,
    report: last.current?.report ?? null,
  };
  const toggle = (unit: number) => {
    const next = off.includes(unit) ? off.filter((one) => one !== unit) : [...off, unit];
    show({ off: next.join(",") });
  };
  const reset = () => show({ off: "" });
  return (
    <>
      {problem && (
        <div role="alert" data-testid="explain-problem">
          <Notice {...problem}>
            {query.off && (
              <Button label="All units on" icon="reset" testid="explain-all-on" onClick={reset} />
            )}
          </Notice>
        </div>
      )}
      {!last.current && !problem && <Loading what="Asking the model" testid="explain-loading" />}
      {last.current && !problem && (
        <EvidenceView
          found={last.current}
          busy={!value}
          photo={photo}
          model={model}
          off={off}
          onClass={(of) => show({ of }, false)}
          onToggle={toggle}
          onReset={reset}
        />
      )}
      <VerbLine verb="explain" request={line} />
    </>
  );
}

function Photographed({ model }: { model: ModelInfo }) {
  const { query } = useStore(router).route;
  const { value, problem, reload } = useLoaded("explain-photos", () =>
    json<SeenPhotoList>("api/explain/photos"),
  );
  const before = useRef("");
  const named = (id: string | undefined) => value?.photos.find((one) => one.id === id);
  const photo = named(query.photo) ?? named(before.current) ?? value?.photos[0];
  before.current = photo?.id ?? "";
  useEffect(() => {
    // only when a list has come: a photo that was just brought is not in the one before
    if (!photo || query.photo === photo.id) return;
    show(query.photo ? { photo: photo.id, of: "", off: "" } : { photo: photo.id });
  }, [value]);
  if (problem) return <Notice {...problem} />;
  if (!value || !photo) return <Loading what="Looking for photos" />;
  return (
    <>
      <Photos photos={value.photos} largest={value.largest} chosen={photo} onChange={reload} />
      <Explained key={`${model.name} ${photo.id}`} model={model} photo={photo} />
    </>
  );
}

export function ExplainPage() {
  const { query } = useStore(router).route;
  const { info, models, problem } = useModels();
  const list = models.filter((one) => one.classifies);
  const named = models.find((one) => one.name === query.model);
  const model = list.find((one) => one.name === query.model) ?? (named ? undefined : list[0]);
  if (problem) return <Notice {...problem} />;
  if (!info) return <p class="hint">Loading…</p>;
  return (
    <div class="explain-page">
      <div class="row page-head">
        <h1>Explain</h1>
        {list.length > 0 && (
          <Select
            label="Model"
            value={model?.name ?? ""}
            choices={[
              ...(model ? [] : [{ value: "", label: named?.name ?? "" }]),
              ...list.map((one) => one.name),
            ]}
            testid="explain-model"
            onChange={(name) => name && show({ model: name, of: "", off: "" }, false)}
          />
        )}
      </div>
      <p class="hint">
        A classifier says what a photo shows. Here are the units that spoke for that, and those that spoke
        against it.
      </p>
      {model ? (
        <Photographed model={model} />
      ) : (
        <div data-testid="explain-needs">
          <Notice
            title={named ? `${named.name} says nothing of photos` : "No classifier here"}
            detail={
              named
                ? `${named.name} is a ${named.kind === "classifier" ? "segmenter" : named.kind}. This page needs a classifier of pictures, which gives a number to each class.`
                : "This page needs a classifier of pictures."
            }
            hint={
              named?.kind === "generator"
                ? "`inscape explain MODEL --seed N --box X,Y,W,H` says which units drew a region."
                : "Start the studio with --model FOLDER, or install the weights of efficientnet-lite0."
            }
          />
        </div>
      )}
    </div>
  );
}
