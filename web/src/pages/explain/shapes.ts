import type { components } from "../../api/types";

type Schemas = components["schemas"];
export type Evidence = Schemas["EvidenceInfo"];
export type SeenPhoto = Schemas["SeenPhoto"];
export type SeenPhotoList = Schemas["SeenPhotoList"];
