import { expect, test } from "bun:test";
import { formatPictureResource, type PictureRequest, parsePictureRequest, parsePictureResource } from "./request.ts";

const CHROMIUM = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

const cases: readonly (readonly [
  name: string,
  query: string,
  accept: string | null,
  asked: PictureRequest | undefined,
])[] = [
  ["thumbnail.jpg", "", null, { what: "thumbnail", format: "jpeg", width: undefined }],
  ["thumbnail.jpg", "", "*/*", { what: "thumbnail", format: "jpeg", width: undefined }],
  ["thumbnail.jpg", "", CHROMIUM, { what: "thumbnail", format: "webp", width: undefined }],
  ["thumbnail.jpg", "", "image/png, image/webp;q=0", { what: "thumbnail", format: "jpeg", width: undefined }],
  ["thumbnail.jpg", "", "image/webp;q=0.2", { what: "thumbnail", format: "webp", width: undefined }],
  ["thumbnail.webp", "width=320", null, { what: "thumbnail", format: "webp", width: 320 }],
  ["thumbnail.jpg", "a=b&width=321", null, { what: "thumbnail", format: "jpeg", width: 480 }],
  ["thumbnail.jpg", "width=99999", null, { what: "thumbnail", format: "jpeg", width: 1280 }],
  ["thumbnail.jpg", "width=-3", null, { what: "thumbnail", format: "jpeg", width: undefined }],
  ["thumbnail.jpg", "width=no", null, { what: "thumbnail", format: "jpeg", width: undefined }],
  ["storyboard.jpg", "n=12", null, { what: "storyboard", format: "jpeg" }],
  ["storyboard.webp", "", null, { what: "storyboard", format: "webp" }],
  ["storyboard.vtt", "", CHROMIUM, { what: "storyboard", format: "vtt" }],
  ["thumbnail.vtt", "", null, undefined],
  ["thumbnail.png", "", null, undefined],
  ["other.jpg", "", null, undefined],
];

test.each(cases)("%s?%s, Accept %p", (name, query, accept, asked) => {
  expect(parsePictureRequest(name, query, accept)).toEqual(asked);
  if (asked) expect(parsePictureResource(formatPictureResource(asked))).toEqual(asked);
});

test.each(["index.m3u8", "state", "picture", "picture:poster:jpeg:", "picture:thumbnail:vtt:"])(
  "%s is none",
  (name) => {
    expect(parsePictureResource(name)).toBeUndefined();
  },
);
