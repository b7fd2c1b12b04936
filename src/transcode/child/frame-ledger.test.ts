import { expect, test } from "bun:test";
import { FrameLedger, type FrameTimes } from "./frame-ledger.ts";

/** Two segments of six frames with B-frames: decoding times 0, 10, 20 ... and presentation two frames later. */
const FRAMES = [0, 30, 10, 20, 50, 40, 60, 90, 70, 80, 110, 100].map((shown, index) => ({
  dts: index * 10,
  pts: shown + 20,
}));

function run(isLost: (pts: number) => boolean = () => false): { shown: FrameTimes[]; lost: FrameTimes[] } {
  const ledger = new FrameLedger();
  const shown: FrameTimes[] = [];
  const lost: FrameTimes[] = [];
  const out = (pts: number) => {
    const times = isLost(pts) ? undefined : ledger.take(pts, (gone) => lost.push(gone));
    if (times) shown.push(times);
  };
  for (const [index, { dts, pts }] of FRAMES.entries()) {
    if (dts === 60) ledger.cut(60);
    ledger.push(dts, pts);
    if (index >= 4) out((index - 4) * 10 + 20);
  }
  for (let n = 8; n < 12; n++) out(n * 10 + 20);
  ledger.giveUp(true, (times) => lost.push(times));
  expect(ledger.next).toBeUndefined();
  return { shown, lost };
}

test("pictures have the decoding times of their rank, and segments begin where the source's do", () => {
  const { shown, lost } = run();
  expect(lost).toEqual([]);
  expect(shown.map(({ dts, pts }) => [dts, pts])).toEqual(FRAMES.map((_, n) => [n * 10, n * 10 + 20]));
  expect(shown.filter(({ startsSegment }) => startsSegment).map(({ dts }) => dts)).toEqual([0, 60]);
  expect(shown.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
});

test("pictures that are lost do not shift the others, and are named in their order", () => {
  const whole = run().shown;
  const { shown, lost } = run((pts) => [50, 80, 90, 130].includes(pts));
  expect(lost.map(({ pts }) => pts)).toEqual([50, 80, 90, 130]);
  expect([...shown, ...lost].sort((a, b) => a.pts - b.pts)).toEqual(whole);
});

test("a picture that never went in has no times", () => {
  const ledger = new FrameLedger();
  ledger.push(0, 0);
  ledger.push(10, 10);
  expect(ledger.take(5, () => {})).toBeUndefined();
  expect(ledger.take(10, () => {})).toMatchObject({ dts: 10, index: 1 });
});

test("a decoder that gives nothing does not gather frames without end", () => {
  const ledger = new FrameLedger();
  const lost: number[] = [];
  for (let n = 0; n < 100; n++) {
    ledger.push(n, n);
    ledger.giveUp(false, ({ dts }) => lost.push(dts));
  }
  expect(lost).toEqual(Array.from({ length: 36 }, (_, n) => n));
});

test("behind a break a segment begins with the next frame", () => {
  const ledger = new FrameLedger();
  ledger.push(0, 0);
  expect(ledger.take(0, () => {})?.startsSegment).toBe(true);
  ledger.cut(500);
  ledger.startSegment();
  ledger.push(100, 100);
  expect(ledger.take(100, () => {})?.startsSegment).toBe(true);
  ledger.push(600, 600);
  expect(ledger.take(600, () => {})?.startsSegment).toBe(false);
});
