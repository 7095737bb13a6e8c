import { api, problemOf } from "../api/client";
import { complain } from "./messages";

/** Let the browser save what is in memory. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Let the browser save what an address holds; whether it did. What the studio refuses is said. */
export async function download(path: string, name: string): Promise<boolean> {
  try {
    saveBlob(await api.blob(path), name);
    return true;
  } catch (error) {
    complain(problemOf(error));
    return false;
  }
}
