import type { Connection } from "../api/socket";
import { Store } from "../engine/store";

/** Whether the studio answers, as far as its sockets tell. */
export const link = new Store<{ connection: Connection }>({ connection: "connecting" });

const lines = new Map<object, Connection>();

/** What one of the sockets tells: one that is lost counts, and before that one that is open. */
export function report(socket: object, connection: Connection): void {
  lines.set(socket, connection);
  const all = [...lines.values()];
  link.set({ connection: (["lost", "open"] as const).find((one) => all.includes(one)) ?? "connecting" });
}
