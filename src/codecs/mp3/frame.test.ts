import { expect, test } from "bun:test";
import { mp3Frames } from "../../../test/support/codec-samples.ts";
import { MalformedError } from "../../bytes/errors.ts";
import { decodeMp3Config } from "./frame.ts";

for (const { clip, hex, ...expected } of mp3Frames) {
  test(clip, () => expect(decodeMp3Config(Uint8Array.fromHex(hex))).toMatchObject({ codec: "mp3", ...expected }));
}

const broken: readonly [name: string, hex: string][] = [
  ["cut", "fffb94"],
  ["no syncword", "00fb9464"],
  ["layer II", "fffd9464"],
  ["reserved version", "ffeb9464"],
  ["reserved sampling frequency", "fffb9c64"],
];
for (const [name, hex] of broken) {
  test(`${name} is malformed`, () => expect(() => decodeMp3Config(Uint8Array.fromHex(hex))).toThrow(MalformedError));
}
