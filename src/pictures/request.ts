import type { PictureFormat } from "./picture.ts";

/** What is asked for below a stream's path. */
export type PictureRequest =
  | { readonly what: "thumbnail"; readonly format: PictureFormat; readonly width: number | undefined }
  | { readonly what: "storyboard"; readonly format: PictureFormat | "vtt" };

export type PictureAnswer =
  | {
      readonly status: 200;
      readonly contentType: string;
      readonly body: Uint8Array;
      /** How long the same may be given again. */
      readonly maxAgeSeconds: number;
    }
  | {
      readonly status: 404 | 503;
      /** One line of text. */
      readonly reason: string;
      readonly retryAfterSeconds?: number;
    };

/** Called exactly once unless cancelled, at once or later. */
export type PictureCallback = (answer: PictureAnswer) => void;

/** What the gateway needs of pictures. */
export interface PictureHandler {
  /** Whether there are pictures of streams at all. */
  readonly isAvailable: boolean;
  /** Returns what forgets the request. */
  request(path: string, asked: PictureRequest, answer: PictureCallback): (() => void) | undefined;
}

/** A thumbnail may have one of these widths; few, so that what is asked in other words is made once. */
export const THUMBNAIL_WIDTHS = [160, 240, 320, 480, 640, 960, 1280] as const;

export const PICTURE_TYPES = { jpeg: "image/jpeg", webp: "image/webp", vtt: "text/vtt; charset=utf-8" } as const;

/**
 * The request that a file's name below a stream's path stands for, such as `thumbnail.jpg?width=320`. A width becomes the next
 * of `THUMBNAIL_WIDTHS`. Who asks for a `.jpg` and says that they take WebP get that.
 * @param accept header Accept
 * @returns undefined when the name is none
 */
export function parsePictureRequest(name: string, query: string, accept: string | null): PictureRequest | undefined {
  const [what, extension] = name.split(".");
  if (what === "storyboard" && extension === "vtt") return { what, format: "vtt" };
  if (extension !== "jpg" && extension !== "webp") return undefined;
  const format = extension === "webp" || acceptsWebp(accept) ? "webp" : "jpeg";
  if (what === "storyboard") return { what, format };
  if (what !== "thumbnail") return undefined;
  const wanted = Number(new URLSearchParams(query).get("width") ?? Number.NaN);
  return { what, format, width: wanted > 0 ? nextWidth(wanted) : undefined };
}

function nextWidth(wanted: number): number {
  return THUMBNAIL_WIDTHS.find((width) => width >= wanted) ?? THUMBNAIL_WIDTHS[THUMBNAIL_WIDTHS.length - 1] ?? wanted;
}

/** Only where it is named: that anything goes is said by programs that know nothing of WebP. */
function acceptsWebp(accept: string | null): boolean {
  if (accept === null || !accept.includes("image/webp")) return false;
  return accept
    .split(",")
    .some((item) => /^\s*image\/webp\s*(;|$)/i.test(item) && !/;\s*q\s*=\s*0(\.0*)?\s*(;|$)/i.test(item));
}

const PREFIX = "picture";

/** One word for a request, the same for the same, as the name of a resource among others. */
export function formatPictureResource(asked: PictureRequest): string {
  const width = asked.what === "thumbnail" ? (asked.width ?? "") : "";
  return [PREFIX, asked.what, asked.format, width].join(":");
}

/** Undefined when it is no picture. */
export function parsePictureResource(resource: string): PictureRequest | undefined {
  const [prefix, what, format, width] = resource.split(":");
  if (prefix !== PREFIX) return undefined;
  if (what === "storyboard" && (format === "jpeg" || format === "webp" || format === "vtt")) return { what, format };
  if (what !== "thumbnail" || (format !== "jpeg" && format !== "webp")) return undefined;
  return { what, format, width: width ? Number(width) : undefined };
}
