import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Problem, problemOf } from "../api/client";
import type { Store } from "../engine/store";

/** What a store holds; the component is drawn again when a field that it has read changes, and only then. */
export function useStore<State extends object>(store: Pick<Store<State>, "get" | "subscribe">): State {
  const [, draw] = useState({});
  const read = new Map<string | symbol, unknown>();
  const drawn = useRef(read);
  drawn.current = read;
  useEffect(() => {
    const look = () => {
      const now = store.get();
      for (const [key, value] of drawn.current) if (!Object.is(Reflect.get(now, key), value)) return draw({});
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return new Proxy(store.get(), {
    get: (state, key) => {
      const value: unknown = Reflect.get(state, key);
      read.set(key, value);
      return value;
    },
  });
}

export interface Loaded<Value> {
  readonly value: Value | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** What a promise brings; asked again when `key` changes, and answers of older keys are ignored. */
export function useLoaded<Value>(key: string, load: () => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<{ key: string; value: Value | null; problem: Problem | null }>({
    key: "",
    value: null,
    problem: null,
  });
  const [again, setAgain] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let current = true;
    latest.current().then(
      (value) => current && setState({ key, value, problem: null }),
      (error: unknown) => current && setState({ key, value: null, problem: problemOf(error) }),
    );
    return () => {
      current = false;
    };
  }, [key, again]);
  const fresh = state.key === key;
  return {
    value: fresh ? state.value : null,
    problem: fresh ? state.problem : null,
    loading: !fresh,
    reload: () => setAgain((count) => count + 1),
  };
}

/** Close something that is open when people go elsewhere, or press Escape; the focus goes back to its button. */
export function useClosing(root: { current: HTMLElement | null }, open: boolean, close: () => void): void {
  useLayoutEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close();
    };
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      root.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    document.addEventListener("keydown", onEscape);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      document.removeEventListener("keydown", onEscape);
    };
  }, [open]);
}

/** The text, once it has rested for a moment. */
export function useRested(text: string, milliseconds = 250): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), milliseconds);
    return () => clearTimeout(timer);
  }, [text, milliseconds]);
  return rested;
}

/** How large an element is drawn. */
export function useSize(element: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!element.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [element]);
  return size;
}
