import { expect, test } from "bun:test";
import { MediaChecks } from "../../src/validate/media/media-checks.ts";
import {
  cmaf,
  cmafParts,
  goodInit,
  packedAudio,
  partInfo,
  segmentInfo,
  transportSegments,
} from "../support/media-samples.ts";
import { mutate, random } from "../support/mutations.ts";

const CASES = 400;

const [transport = new Uint8Array(0)] = transportSegments(1);
const vtt = new TextEncoder().encode(
  "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00.000\n\n00:01.000 --> 00:02.000\nhello\n",
);

const samples: readonly [name: string, bytes: Uint8Array][] = [
  ["fragmented MP4", cmaf(0)],
  ["MPEG-TS", transport],
  ["packed audio", packedAudio(0)],
  ["WebVTT", vtt],
];

for (const [name, bytes] of samples) {
  test(`${name}: mutated segments give findings, and nothing is thrown`, () => {
    const next = random(bytes.length);
    let findings = 0;
    const checks = new MediaChecks(() => findings++);
    checks.init("video", "init.mp4", goodInit());
    for (let msn = 0; msn < CASES; msn++) {
      const initUri = name === "fragmented MP4" ? "init.mp4" : undefined;
      checks.segment(segmentInfo(msn, { initUri }), mutate(bytes, next));
    }
    checks.finish();
    expect(findings).toBeGreaterThan(CASES / 4);
  });
}

test("mutated initialization sections and parts", () => {
  const next = random(7);
  let findings = 0;
  const checks = new MediaChecks(() => findings++);
  const [part = new Uint8Array(0)] = cmafParts(0);
  for (let msn = 0; msn < CASES; msn++) {
    const initUri = `init-${msn}.mp4`;
    checks.init("video", initUri, mutate(goodInit(), next));
    checks.part(partInfo(msn, 0, { initUri }), mutate(part, next));
    checks.segment(segmentInfo(msn, { initUri }), part);
  }
  checks.finish();
  expect(findings).toBeGreaterThan(CASES / 4);
});
