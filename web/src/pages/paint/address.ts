import { useEffect, useRef } from "preact/hooks";
import { classIn } from "../../engine/classes";
import { formatUnits } from "../../engine/numbers";
import type { Route } from "../../engine/route";
import { useStore } from "../../kit/hooks";
import { show } from "../../kit/router";
import { easel, openPainting, openSeed, paint } from "./session";

/** Hold the address bar and the page together: what is shown is written there, Back and links are followed. */
export function useAddress(route: Route): void {
  const { model, seed, classIndex, layer, brush, mode, strength, diameter, painting } = useStore(
    paint,
    "model",
    "seed",
    "classIndex",
    "layer",
    "brush",
    "mode",
    "strength",
    "diameter",
    "painting",
  );
  const written = useRef<string | null>(null);
  /** The picture that the address asked for last, and whether it is still being opened. */
  const asked = useRef<string | null>(null);
  const following = useRef(false);
  const inClass = classIndex === null ? "" : String(classIndex);
  const picture = `${model?.name ?? ""}/${seed}/${inClass}`;

  useEffect(() => {
    if (!model) return;
    const { query } = route;
    const wanted = `${query.model ?? model.name}/${query.seed ?? seed}/${query.class ?? inClass}`;
    if (wanted === asked.current || wanted === picture) return;
    asked.current = wanted;
    following.current = true;
    void follow(query).finally(() => {
      following.current = false;
    });
  }, [route]);

  useEffect(() => {
    if (!model || route.page !== "paint") return;
    const before = written.current;
    const moved = before !== null && before !== picture && picture !== asked.current && !following.current;
    written.current = picture;
    if (moved) asked.current = null;
    const byHand =
      brush?.concept === null && !brush.values ? formatUnits(brush.units).replaceAll(" ", "") : "";
    const query = {
      model: model.name,
      seed: String(seed),
      class: inClass,
      layer,
      brush: brush?.concept ?? "",
      units: byHand.includes("-") && brush ? brush.units.join(",") : byHand,
      mode: mode === "draw" ? "" : mode,
      strength: strength === 1 ? "" : String(strength),
      size: diameter === 2 ? "" : String(diameter),
      painting: painting ?? "",
    };
    show(query, !moved);
  }, [model, picture, layer, brush, mode, strength, diameter, painting]);
}

/** Back, Forward or an edited address: show what it asks for. */
async function follow(query: Route["query"]): Promise<void> {
  const { model, models } = paint.get();
  const wanted = models.find((one) => one.name === query.model);
  if (wanted && wanted.name !== model?.name) await easel.selectModel(wanted, query.layer ?? "");
  else if (query.layer && query.layer !== paint.get().layer) await easel.selectLayer(query.layer);
  easel.applyTools(query);
  if (query.painting && (await openPainting(query.painting))) return;
  const seed = Number(query.seed);
  if (Number.isInteger(seed)) await openSeed(seed, classIn(query.class, paint.get().model, seed));
}
