import { useState } from "preact/hooks";
import type { ModelInfo } from "../api/client";
import { Select } from "./controls";
import { useStore } from "./hooks";
import { studioModels } from "./models";

const AMOUNTS = ["200", "1000", "5000"];

/** What work over pictures asks of people: how many, and what labels them where the model does not say. */
export function useDissecting(
  model: ModelInfo,
  images: number,
  testid: string,
  amounts: readonly string[] = AMOUNTS,
) {
  const { info } = useStore(studioModels);
  const offered = model.segmenter === null ? (info?.segmenters ?? []) : [];
  const [picked, setPicked] = useState("");
  const [amount, setAmount] = useState(`${images}`);
  const segmenter = offered.find((name) => name === picked) ?? offered[0] ?? null;
  const fields = (
    <>
      <Select
        label="Pictures"
        value={amount}
        choices={amounts}
        testid={`${testid}-images`}
        onChange={setAmount}
      />
      {segmenter !== null && (
        <Select
          label="Labels by"
          value={segmenter}
          choices={offered}
          testid={`${testid}-segmenter`}
          onChange={setPicked}
        />
      )}
    </>
  );
  const hint = segmenter !== null && (
    <p class="hint">
      The card of {model.name} names no segmenter. {segmenter} knows the concepts of its own world, and may
      mislabel these pictures.
    </p>
  );
  return { images: Number(amount), segmenter, fields, hint };
}
