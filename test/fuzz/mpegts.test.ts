import { expect, test } from "bun:test";
import { decodeTs } from "../../src/formats/mpegts/demuxer.ts";
import { toElementaryStream } from "../../src/formats/mpegts/elementary-stream.ts";
import { TsMuxer } from "../../src/formats/mpegts/muxer.ts";
import { decodePes } from "../../src/formats/mpegts/pes.ts";
import { decodePat, decodePmt } from "../../src/formats/mpegts/psi.ts";
import { sampleAudio as audio, sampleVideo as video } from "../support/sample-tracks.ts";
import { Noise } from "./random.ts";
import { survives } from "./survives.ts";

const noise = new Noise(0x7357);
const random = () => noise.fraction();

test("mutated segments give values or MalformedError", () => {
  const sample = segment();
  expect(decodeTs(sample).pes.length).toBeGreaterThan(10);
  let malformed = 0;
  for (let n = 0; n < 1500; n++) if (!survives(() => decodeTs(mutate(sample)))) malformed++;
  expect(malformed).toBeGreaterThan(100);
});

test("mutated segments with faults passed over give values or MalformedError", () => {
  const sample = segment();
  let faults = 0;
  let read = 0;
  for (let n = 0; n < 1500; n++) {
    if (survives(() => decodeTs(mutate(sample), new Map(), () => faults++))) read++;
  }
  expect(faults).toBeGreaterThan(100);
  expect(read).toBeGreaterThan(100);
});

test("noise in sections, PES packets and records gives values or MalformedError", () => {
  for (let n = 0; n < 3000; n++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 80) }, () => random() * 256);
    survives(() => decodePat(bytes));
    survives(() => decodePmt(bytes));
    survives(() => decodePes(bytes));
    // Never throws: a broken record is a track that cannot be carried.
    toElementaryStream({ ...video.config, record: bytes });
    toElementaryStream({ ...video.config, codec: "hevc", record: bytes });
    toElementaryStream({ ...audio.config, record: bytes });
    toElementaryStream({ ...audio.config, codec: "opus", record: bytes });
  }
});

test("the muxer takes any packet and writes what the reader accepts", () => {
  for (let n = 0; n < 60; n++) {
    const muxer = new TsMuxer({ maxAudioDelay: random() * 500 });
    muxer.setTracks([video, audio]);
    muxer.startSegment();
    let dts = 0;
    for (let i = 0; i < 40; i++) {
      dts += 1 + Math.floor(random() * 9000);
      const data = Uint8Array.from({ length: Math.floor(random() * 600) }, () => (random() < 0.3 ? 0 : random() * 256));
      const pts = dts + Math.floor((random() - 0.2) * 9000);
      muxer.write({ type: "packet", track: 1 + (i & 1), dts, pts, duration: 0, key: random() < 0.3, data });
    }
    decodeTs(Uint8Array.from(Buffer.concat(muxer.takeSegment())));
  }
});

function segment(): Uint8Array {
  const muxer = new TsMuxer({ maxAudioDelay: 100 });
  muxer.setTracks([video, audio]);
  muxer.startSegment();
  for (let i = 0; i < 20; i++) {
    const data = new Uint8Array(700).fill(7);
    data.set([0, 0, 2, 0xb8, 0x41]);
    muxer.write({ type: "packet", track: 1, dts: i * 3000, pts: i * 3000, duration: 0, key: i === 0, data });
    muxer.write({ type: "packet", track: 2, dts: i * 1600, pts: i * 1600, duration: 0, key: true, data });
  }
  return Uint8Array.from(Buffer.concat(muxer.takeSegment()));
}

/** Changes bytes (often in headers), cuts, or removes and doubles packets. */
function mutate(sample: Uint8Array): Uint8Array {
  const out = Uint8Array.from(sample);
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const start = Math.floor((random() * out.length) / 188) * 188;
    const at = random() < 0.5 ? start + Math.floor(random() * 32) : Math.floor(random() * out.length);
    switch (Math.floor(random() * 4)) {
      case 0:
        return out.subarray(0, at);
      case 1:
        out.copyWithin(start, 0, 188);
        break;
      default:
        out[at] = random() * 256;
    }
  }
  return out;
}
