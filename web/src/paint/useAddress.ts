import { useEffect, useRef } from "preact/hooks";
import { show } from "../app/router";
import { classIn } from "../engine/classes";
import { formatUnits } from "../engine/numbers";
import type { Route } from "../engine/route";
import { useStore } from "../ui/hooks";
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
  const written = useRef<{ picture: string; painting: string } | null>(null);
  const inClass = classIndex === null ? "" : String(classIndex);
  const picture = `${model?.name ?? ""}/${seed}/${inClass}`;

  useEffect(() => {
    if (!model) return;
    const { query } = route;
    const asked = `${query.model ?? model.name}/${query.seed ?? seed}/${query.class ?? inClass}`;
    const before = written.current;
    if (!before || asked === before.picture || asked === picture) return;
    written.current = { picture: asked, painting: query.painting ?? "" };
    void follow(query);
  }, [route]);

  useEffect(() => {
    if (!model || route.page !== "paint") return;
    const moved = written.current !== null && written.current.picture !== picture;
    written.current = { picture, painting: painting ?? "" };
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
