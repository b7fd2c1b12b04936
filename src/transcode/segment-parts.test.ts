import { expect, test } from "bun:test";
import type { RenditionEvent } from "../hls/rendition.ts";
import { PartsLeftOut, PartsPutIn } from "./segment-parts.ts";

const open = (msn: number): RenditionEvent => ({ type: "open", msn, wallclock: 0, discontinuity: false, init: 1 });
const part = (msn: number, index: number, bytes: Uint8Array): RenditionEvent => ({
  type: "part",
  msn,
  part: index,
  bytes,
  duration: 1,
  independent: true,
  lastExpected: false,
});
const segment = (msn: number, bytes: readonly Uint8Array[]): RenditionEvent => ({
  type: "segment",
  msn,
  bytes,
  duration: 2,
  independent: true,
});

test("parts are said once, and are whole again behind the pipe", () => {
  const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
  const events = [open(1), part(1, 0, a), part(1, 1, b), segment(1, [a, b]), open(2), segment(2, [c])];
  const sender = new PartsLeftOut();
  const sent = events.map((event) => sender.write(event));
  expect(sent.map((event) => (event?.type === "segment" ? event.bytes : undefined))).toEqual([
    ...[undefined, undefined, undefined, "parts" as const, undefined],
    [c],
  ]);
  const receiver = new PartsPutIn();
  expect(sent.map((event) => event && receiver.write(event))).toEqual(events);
});
