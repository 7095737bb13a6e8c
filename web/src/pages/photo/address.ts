import { useEffect, useRef } from "preact/hooks";
import { oneOf, type Route } from "../../engine/route";
import { useStore } from "../../kit/hooks";
import { router, show } from "../../kit/router";
import { closePhoto, openPhoto, photos, start } from "./session";
import { VIEWS } from "./state";
import { easel } from "./work";

/** The photo that the address asks for; null on another page. */
const askedIn = (route: Route) => (route.page === "photo" ? (route.query.photo ?? "") : null);

/** Hold the address bar and the page together: which photo, how far, and with which brush. */
export function usePhotoAddress(): void {
  const { route } = useStore(router, "route");
  const { photo, view } = useStore(photos, "photo", "view");
  const { layer, brush, mode, strength, diameter } = useStore(
    easel.paint,
    "layer",
    "brush",
    "mode",
    "strength",
    "diameter",
  );
  const written = useRef<string | null>(null);
  const asked = askedIn(route);
  const here = photo?.id ?? "";

  useEffect(() => {
    if (asked === null || asked === written.current) return;
    const first = written.current === null;
    written.current = asked;
    if (asked === "") {
      if (first && here !== "") return;
      closePhoto();
      void start();
      return;
    }
    const { query } = route;
    const wanted = query.view ? oneOf(query.view, VIEWS, "result") : undefined;
    if (asked !== here)
      void openPhoto(asked, wanted).then(async () => {
        if (query.layer && query.layer !== easel.paint.get().layer) await easel.selectLayer(query.layer);
        easel.applyTools(query);
      });
  }, [asked]);

  useEffect(() => {
    if (asked === null || (here === "" && written.current !== "" && photo === null && !written.current))
      return;
    if (here === "" || askedIn(router.get().route) !== asked) return; // somebody has gone on since this was drawn
    const moved = written.current !== here;
    written.current = here;
    const painting = photo?.state === "ready" && view === "paint";
    show(
      {
        photo: here,
        view: photo?.state === "ready" ? view : "",
        layer: painting ? layer : "",
        brush: painting ? (brush?.concept ?? "") : "",
        units: painting && brush?.concept === null && !brush.values ? brush.units.join(",") : "",
        mode: painting && mode === "remove" ? mode : "",
        strength: painting && strength !== 1 ? String(strength) : "",
        size: painting && diameter !== 2 ? String(diameter) : "",
      },
      !moved,
    );
  }, [here, photo?.state, view, layer, brush, mode, strength, diameter]);
}
