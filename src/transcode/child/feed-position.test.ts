import { expect, test } from "bun:test";
import type { FeedEvent } from "../../hls/rung-feed.ts";
import { FeedPosition, SeenCuts } from "./feed-position.ts";

const open = (msn: number, start: number): FeedEvent => ({
  type: "open",
  msn,
  wallclock: 0,
  discontinuity: false,
  discontinuitySequence: 0,
  timescale: 10,
  start,
});
const part = (msn: number, index: number, start: number): FeedEvent => ({
  type: "part",
  msn,
  part: index,
  start,
  end: start + 5,
  lastExpected: false,
});
const segment = (msn: number, end: number): FeedEvent => ({ type: "segment", msn, end });

const CUTS = [open(7, 100), part(7, 0, 100), part(7, 1, 105), segment(7, 110), open(8, 110), part(8, 0, 110)];

test("a position is known from the first segment on, and moves with the cuts", () => {
  const position = new FeedPosition();
  expect(position.hasReached({ msn: 0, part: 0 })).toBe(false);
  const seen = CUTS.map((event) => {
    position.note(event);
    return [position.next?.msn, position.next?.part, position.start];
  });
  expect(seen).toEqual([
    [7, 0, 10],
    [7, 1, 10.5],
    [7, 2, 11],
    [8, 0, 11],
    [8, 0, 11],
    [8, 1, 11.5],
  ]);
  expect(position.hasReached({ msn: 8, part: 1 })).toBe(true);
  expect(position.hasReached({ msn: 7, part: 9 })).toBe(true);
  expect(position.hasReached({ msn: 8, part: 2 })).toBe(false);
  expect(position.hasReached({ msn: 9, part: 0 })).toBe(false);
});

test("cuts that come again are told from new ones", () => {
  const seen = new SeenCuts();
  const first = new FeedPosition();
  const all: FeedEvent[] = [...CUTS.slice(0, 4), { type: "break" }, ...CUTS.slice(4)];
  const isNew = (position: FeedPosition, events: readonly FeedEvent[]) =>
    events.map((event) => {
      position.note(event);
      return seen.isNew(event, position);
    });
  expect(isNew(first, all)).toEqual(all.map(() => true));
  expect(isNew(new FeedPosition(), [...all, part(8, 1, 115), segment(8, 120), { type: "break" }])).toEqual([
    ...all.map(() => false),
    ...[true, true, true],
  ]);
});
