import { type FitInfo, type JobInfo, json, type PhotoInfo, part, request } from "./client";
import type { components } from "./types";

type Schemas = components["schemas"];

const at = (photo: string, rest = "") => `api/photos/${part(photo)}${rest}`;

/** What the page Photo asks the studio. */
export const photoApi = {
  all: () => json<Schemas["PhotoList"]>("api/photos"),
  one: (photo: string) => json<PhotoInfo>(at(photo)),
  bring: async (file: Blob, name: string) => {
    const response = await request(`api/photos?name=${part(name)}`, { method: "POST", body: file });
    return (await response.json()) as PhotoInfo;
  },
  fit: (photo: string, fit: FitInfo) => json<PhotoInfo>(at(photo, "/fit"), "PUT", fit),
  copy: (photo: string) => json<PhotoInfo>(at(photo, "/copy"), "POST"),
  remove: async (photo: string) => void (await request(at(photo), { method: "DELETE" })),
  restore: (photo: string) => json<PhotoInfo>(at(photo, "/restore"), "POST"),
  invert: (photo: string, body: Schemas["InversionRequest"]) =>
    json<JobInfo>(at(photo, "/inversion"), "POST", body),
  stop: (photo: string) => json<PhotoInfo>(at(photo, "/inversion/stop"), "POST"),
};
