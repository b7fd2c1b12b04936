import { expect, test } from "bun:test";
import { PlaylistTargets } from "./targets.ts";
import { RenditionWindow } from "./window.ts";

function fill(
  window: RenditionWindow,
  count: number,
  options: { seconds?: number; bytes?: number; from?: number } = {},
) {
  const { seconds = 2, bytes = 1000, from = 0 } = options;
  for (let msn = from; msn < from + count; msn++) {
    window.write({
      type: "open",
      msn,
      wallclock: msn * 1000,
      discontinuity: msn % 10 === 5,
      init: Math.floor(msn / 10) * 10,
    });
    if (msn % 10 === 0) window.write({ type: "init", init: msn, bytes: new Uint8Array(100) });
    const pieces = [new Uint8Array(bytes / 2).fill(1), new Uint8Array(bytes / 2).fill(2)];
    for (const [part, piece] of pieces.entries()) {
      const event = { type: "part", msn, part, bytes: piece, duration: seconds / 2, independent: part === 0 } as const;
      window.write({ ...event, lastExpected: part === 1 });
    }
    window.write({ type: "segment", msn, bytes: pieces, duration: seconds, independent: true });
  }
}

function create(options: { windowMs?: number; maxBytes?: number } = {}) {
  const targets = new PlaylistTargets({ partMs: 400, segmentMs: 2000, maxSegmentMs: 10_000 });
  return new RenditionWindow({
    targets,
    windowMs: options.windowMs ?? 30_000,
    discontinuitySequence: 7,
    maxBytes: options.maxBytes,
  });
}

test("at least six segments and six target durations are listed, however short the window", () => {
  const window = create({ windowMs: 1000 });
  fill(window, 50);
  expect(window.segments.length).toBe(6);
  const short = create({ windowMs: 1000 });
  fill(short, 50, { seconds: 1 });
  expect(short.segments.length).toBe(12);
});

test("a discontinuity counts when its tag leaves the playlist", () => {
  const window = create();
  fill(window, 16);
  expect(window.discontinuitySequence).toBe(7);
  fill(window, 4, { from: 16 });
  expect(window.segments[0]?.msn).toBe(5);
  expect(window.discontinuitySequence).toBe(7);
  fill(window, 1, { from: 20 });
  expect(window.discontinuitySequence).toBe(8);
});

test("whole segments are made when asked for, and parts become views of them", () => {
  const window = create();
  fill(window, 3);
  const before = window.bytesHeld;
  const whole = window.segment(1);
  expect(whole?.length).toBe(1000);
  expect(window.segment(1)).toBe(whole as Uint8Array);
  expect(window.part(1, 1)?.buffer).toBe(whole?.buffer as ArrayBuffer);
  expect(window.part(1, 1)).toEqual(new Uint8Array(500).fill(2));
  expect(window.bytesHeld).toBe(before);
  expect(window.segment(3)).toBeUndefined();
});

test("bytes held are those of what can be fetched, old inits go with their segments", () => {
  const window = create();
  fill(window, 200);
  let bytes = 0;
  for (let msn = 0; msn < 200; msn++) bytes += window.segment(msn)?.length ?? 0;
  for (let init = 0; init < 200; init += 10) bytes += window.init(init)?.length ?? 0;
  expect(window.bytesHeld).toBe(bytes);
  expect(window.init(0)).toBeUndefined();
  expect(window.init(190)?.length).toBe(100);
  expect(window.segment(199 - 14 - 17)?.length).toBe(1000);
  expect(window.segment(199 - 14 - 18)).toBeUndefined();
});

test("media is dropped early beyond the limit of bytes", () => {
  const window = create({ maxBytes: 5000 });
  fill(window, 50);
  expect(window.bytesHeld).toBeLessThanOrEqual(5000);
  expect(window.segments.length).toBe(4);
  expect(window.lastMsn).toBe(49);
});

test("what is expected next", () => {
  const window = create();
  expect(window.nextPart).toBeUndefined();
  fill(window, 1);
  expect(window.nextPart).toEqual({ msn: 1, part: 0 });
  window.write({ type: "open", msn: 1, wallclock: 0, discontinuity: false, init: 0 });
  const part = { type: "part", msn: 1, bytes: new Uint8Array(1), duration: 0.4, independent: true } as const;
  window.write({ ...part, part: 0, lastExpected: false });
  expect(window.nextPart).toEqual({ msn: 1, part: 1 });
  window.write({ ...part, part: 1, lastExpected: true });
  expect(window.nextPart).toEqual({ msn: 2, part: 0 });
  window.write({ type: "segment", msn: 1, bytes: [], duration: 0.8, independent: true });
  window.write({ type: "break" });
  expect(window.nextPart).toBeUndefined();
});
