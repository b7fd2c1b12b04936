import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { decodeAacConfig } from "../../src/codecs/aac/config.ts";
import { decodeMp3Config } from "../../src/codecs/mp3/frame.ts";
import { opusConfig } from "../../src/codecs/opus/config.ts";
import { silenceFor } from "../../src/codecs/silence.ts";
import { encodeFragment } from "../../src/formats/mp4/fragment.ts";
import { encodeInit } from "../../src/formats/mp4/init.ts";
import type { AudioConfig, AudioTrack } from "../../src/media/track.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { run } from "../support/process.ts";
import { testWith } from "../support/requires.ts";

const FRAMES = 20;
/** 128 kbit/s at 48 kHz, joint stereo. */
const MP3_FRAME = Uint8Array.fromHex(`fffb9464${"00".repeat(380)}`);

const CONFIGS: readonly [name: string, config: AudioConfig, last: Uint8Array][] = [
  ...["1188", "1190", "1198", "11a0", "11a8", "11b0", "11b8", "1210", "2b118800"].map(
    (record): [string, AudioConfig, Uint8Array] => [
      `AAC ${record}`,
      decodeAacConfig(Uint8Array.fromHex(record)),
      new Uint8Array(0),
    ],
  ),
  ["Opus mono", opusConfig(1), new Uint8Array(0)],
  ["Opus stereo", opusConfig(2), new Uint8Array(0)],
  ["MP3", decodeMp3Config(MP3_FRAME), MP3_FRAME],
];

describe("FFmpeg decodes what stands for silence to nothing but zeros", () => {
  for (const [name, config, last] of CONFIGS) {
    testWith("ffmpeg")(name, async () => {
      const silence = silenceFor(config, last);
      if (!silence) throw new Error("there is none");
      const track: AudioTrack = { id: 1, kind: "audio", timescale: config.sampleRate, config };
      const samples = Array.from({ length: FRAMES }, () => ({
        duration: silence.duration,
        compositionOffset: 0,
        key: true,
        data: silence.data,
      }));
      using directory = new TemporaryDirectory();
      const [file, pcm] = [directory.join("silence.mp4"), directory.join("silence.pcm")];
      const fragment = encodeFragment(1, [{ trackId: 1, kind: "audio", baseDecodeTime: 0, samples }]);
      writeFileSync(file, Buffer.concat([encodeInit([track]), fragment]));
      const output = await run("ffmpeg", ["-v", "warning", "-i", file, "-f", "s16le", "-y", pcm], {
        timeoutMs: 20_000,
      });
      expect(output).toBe("");
      const bytes = await Bun.file(pcm).bytes();
      expect(bytes.length).toBeGreaterThan((FRAMES - 4) * silence.duration * 2);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    });
  }
});
