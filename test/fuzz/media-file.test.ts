import { expect, test } from "bun:test";
import { MalformedError } from "../../src/bytes/errors.ts";
import { openFlv } from "../../src/formats/flv/file-reader.ts";
import { openMp4 } from "../../src/formats/mp4/file-reader.ts";
import { SampleTable } from "../../src/formats/mp4/sample-table.ts";
import { mutate, random } from "../support/mutations.ts";
import { readFrom, readMedia } from "../support/read-media-file.ts";
import { recordedFile } from "../support/recorded-file.ts";

const CASES = 1500;
const BOTH = { video: 0, audio: 0 };
const STREAM = { seconds: 2, fps: 10, gop: 5, audio: true };

for (const [format, open] of [
  ["flv", openFlv],
  ["mp4", openMp4],
] as const) {
  test(`a mutated file of ${format} is read, or is malformed`, () => {
    const { bytes: sample } = recordedFile(format, STREAM);
    const next = random(sample.length);
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const mutated = mutate(sample, next);
      try {
        const opened = readFrom(mutated, open(BOTH));
        readMedia(mutated, opened, 20);
        readFrom(mutated, opened.seek(next() * 3000));
        read += readMedia(mutated, opened, 200).packets.length;
      } catch (error) {
        if (!(error instanceof MalformedError)) throw new Error(`case ${i}`, { cause: error });
      }
    }
    expect(read).toBeGreaterThan(CASES);
  }, 30_000);
}

test("tables of anything are walked, and end", () => {
  const next = random(7);
  const box = () => {
    const bytes = new Uint8Array(60);
    for (let at = 7; at < bytes.length; at += 4) bytes[at] = Math.floor(next() * 4);
    if (next() < 0.2) bytes[Math.floor(next() * bytes.length)] = 255;
    return bytes;
  };
  let walked = 0;
  for (let i = 0; i < CASES * 4; i++) {
    try {
      const table = new SampleTable({ stts: box(), ctts: box(), stsc: box(), stsz: box(), stco: box(), stss: box() });
      table.seekKey(next() * 1e6);
      for (let samples = 0; samples < 100 && table.peek(); samples++) table.advance();
      walked++;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  }
  expect(walked).toBeGreaterThan(CASES);
});
