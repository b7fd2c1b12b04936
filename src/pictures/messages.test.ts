import { describe, expect, test } from "bun:test";
import { survives } from "../../test/fuzz/survives.ts";
import { mutate, random } from "../../test/support/mutations.ts";
import { decodeJob, decodeResult, encodeJob, encodeResult, type PictureJob, type PictureResult } from "./messages.ts";

const keyframe = { codec: "vp9", record: new Uint8Array([1, 2]), data: new Uint8Array(300).fill(5) } as const;
const tile = { width: 4, height: 2 };
const jobs: readonly PictureJob[] = [
  { type: "thumbnail", id: 7, keyframe, width: 480, format: "webp" },
  {
    type: "tile",
    id: 0xffff_ffff,
    keyframe: { ...keyframe, record: new Uint8Array(0) },
    size: { width: 160, height: 90 },
  },
  {
    type: "sheet",
    id: 3,
    format: "jpeg",
    tile,
    columns: 3,
    rows: 2,
    tiles: [
      { place: 0, samples: new Uint8Array(12).fill(1) },
      { place: 5, samples: new Uint8Array(12).fill(2) },
    ],
  },
];
const results: readonly PictureResult[] = [
  {
    type: "picture",
    id: 7,
    cpu: 12.5,
    picture: { format: "jpeg", width: 480, height: 270, bytes: new Uint8Array([1, 2]) },
  },
  { type: "samples", id: 8, cpu: 0, samples: new Uint8Array([3, 4, 5]) },
  { type: "failed", id: 9, cpu: 1, reason: "cannot decode: 그림" },
];

describe("there and back", () => {
  test.each(jobs.map((job) => [job.type, job] as const))("%s", (_, job) => {
    expect(decodeJob(encodeJob(job))).toEqual(job);
  });
  test.each(results.map((result) => [result.type, result] as const))("%s", (_, result) => {
    expect(decodeResult(encodeResult(result))).toEqual(result);
  });
});

test("what is broken is malformed, and nothing else happens", () => {
  const next = random(4);
  let broken = 0;
  for (let n = 0; n < 2_000; n++) {
    for (const job of jobs) if (!survives(() => decodeJob(mutate(encodeJob(job), next)))) broken++;
    for (const result of results) if (!survives(() => decodeResult(mutate(encodeResult(result), next)))) broken++;
  }
  expect(broken).toBeGreaterThan(1_000);
});

test("a tile beyond the sheet", () => {
  const [, , sheet] = jobs;
  if (sheet?.type !== "sheet") throw new Error("no sheet");
  const bytes = encodeJob({ ...sheet, tiles: [{ place: 6, samples: new Uint8Array(12) }] });
  expect(survives(() => decodeJob(bytes))).toBe(false);
});
