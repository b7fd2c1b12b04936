import type { Frame } from "node-av/lib";
import type { MediaLibrary } from "../../media-process/library.ts";
import { tileBytes } from "../messages.ts";
import type { Size } from "../picture.ts";
import { scale, shownSize } from "./scale.ts";

/** A plane of samples: rows of `width`, which begin `stride` bytes apart. */
type Plane = { readonly data: Uint8Array; readonly stride: number; readonly width: number; readonly height: number };

const BLACK_Y = 0;
const GREY = 128;

/** A frame as samples of `size`, full range; black where its shape leaves something over. */
export function toTile(av: MediaLibrary, frame: Frame, size: Size): Uint8Array {
  const scaled = scale(av, frame, shownSize(frame, size), "jpeg");
  try {
    const samples = blankTile(size);
    const left = 2 * Math.floor((size.width - scaled.width) / 4);
    const top = 2 * Math.floor((size.height - scaled.height) / 4);
    const from = planesOf(scaled);
    planesOfTile(samples, size).forEach((plane, index) => {
      const shift = index === 0 ? 1 : 2;
      const source = from[index];
      if (source) copyPlane(source, plane, left / shift, top / shift);
    });
    return samples;
  } finally {
    scaled.free();
  }
}

/** Puts a tile's samples into a frame. */
export function placeTile(frame: Frame, samples: Uint8Array, size: Size, x: number, y: number): void {
  const into = planesOf(frame);
  planesOfTile(samples, size).forEach((plane, index) => {
    const shift = index === 0 ? 1 : 2;
    const target = into[index];
    if (target) copyPlane(plane, target, x / shift, y / shift);
  });
}

/** Makes a whole frame black. */
export function blacken(frame: Frame): void {
  planesOf(frame).forEach(({ data }, index) => {
    data.fill(index === 0 ? BLACK_Y : GREY);
  });
}

function blankTile(size: Size): Uint8Array {
  return new Uint8Array(tileBytes(size))
    .fill(BLACK_Y, 0, size.width * size.height)
    .fill(GREY, size.width * size.height);
}

function planesOfTile(samples: Uint8Array, { width, height }: Size): Plane[] {
  const luma = width * height;
  const chroma = luma / 4;
  return [
    { data: samples.subarray(0, luma), stride: width, width, height },
    { data: samples.subarray(luma, luma + chroma), stride: width / 2, width: width / 2, height: height / 2 },
    { data: samples.subarray(luma + chroma), stride: width / 2, width: width / 2, height: height / 2 },
  ];
}

function planesOf(frame: Frame): Plane[] {
  const { data, linesize, width, height } = frame;
  return [width, width / 2, width / 2].map((planeWidth, index) => ({
    data: data?.[index] ?? new Uint8Array(0),
    stride: linesize[index] ?? 0,
    width: planeWidth,
    height: index === 0 ? height : height / 2,
  }));
}

function copyPlane(from: Plane, into: Plane, x: number, y: number): void {
  for (let row = 0; row < from.height; row++) {
    const start = row * from.stride;
    into.data.set(from.data.subarray(start, start + from.width), (y + row) * into.stride + x);
  }
}
