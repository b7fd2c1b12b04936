import { encodeInit } from "../../../src/formats/mp4/init.ts";
import {
  audioTrack,
  box,
  cmaf,
  goodInit,
  joined,
  payloadOf,
  videoTrack,
  withAppended,
  withoutBox,
} from "../media-samples.ts";
import { type BadMedia, badInit } from "./kit.ts";

const STSD = "moov/trak/mdia/minf/stbl/stsd";

/** A good one with some bytes of a box's payload written over. */
function patched(path: string, at: number, ...values: readonly number[]): Uint8Array {
  const init = goodInit();
  payloadOf(init, path).set(values, at);
  return init;
}

function renamedEntry(to: string): Uint8Array {
  const init = goodInit();
  payloadOf(init, STSD).set(new TextEncoder().encode(to), 12);
  return init;
}

/** An elst of one entry: the whole, from `mediaTime` on. */
function withEditList(mediaTime: number): Uint8Array {
  const elst = box("elst", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, mediaTime >> 8, mediaTime & 0xff, 0, 1, 0, 0);
  return withAppended(goodInit(), "moov/trak", box("edts", ...elst));
}

export const badInits: readonly BadMedia[] = [
  badInit("init-unreadable", "no moov", () => goodInit().subarray(0, 28)),
  badInit("init-unreadable", "a cut box", () => goodInit().subarray(0, 200)),
  badInit("init-brand", "iso2 alone", () => patched("ftyp", 0, ...Buffer.from("iso2\0\0\0\0iso2mp41"))),
  badInit("init-samples", "stts of one entry", () => patched("moov/trak/mdia/minf/stbl/stts", 4, 0, 0, 0, 1)),
  badInit("init-samples", "a fragment", () => joined(goodInit(), cmaf(0))),
  badInit("init-duration", "in mvhd", () => patched("moov/mvhd", 16, 0, 0, 0, 9)),
  badInit("init-duration", "in tkhd", () => patched("moov/trak/tkhd", 20, 0, 0, 0, 9)),
  badInit("init-mvex", "none", () => withoutBox(goodInit(), "moov/mvex")),
  badInit("init-trex", "one of two", () => withoutBox(goodInit(), "moov/mvex/trex", 1)),
  badInit("init-external-data", "url of another file", () => patched("moov/trak/mdia/minf/dinf/dref/url ", 3, 0)),
  badInit("init-track", "id twice", () => patched("moov/trak/tkhd", 12, 0, 0, 0, 2)),
  badInit("init-track", "timescale 0", () => patched("moov/trak/mdia/mdhd", 12, 0, 0, 0, 0)),
  badInit("init-sample-entry", "no avcC", () => withoutBox(goodInit(), `${STSD}/avc1/avcC`)),
  badInit("init-sample-entry", "broken avcC", () => patched(`${STSD}/avc1/avcC`, 0, 7)),
  badInit("init-picture-size", "1280 wide", () => patched(`${STSD}/avc1`, 24, 5, 0)),
  badInit("init-edit-list", "a second cut off", () => withEditList(30_000)),
  badInit("parameter-sets-in-samples", "avc3", () => renamedEntry("avc3")),
  badInit("several-audio-tracks", "two", () => encodeInit([videoTrack, audioTrack, { ...audioTrack, id: 3 }])),
];
