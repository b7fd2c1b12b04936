import { expect, test } from "bun:test";
import { encodeVideoTag } from "../formats/flv/video-tag.ts";
import { silentLog } from "../log.ts";
import type { MediaEvent } from "../media/event.ts";
import { Inflow } from "./inflow.ts";

const SPS = "6764001eacd940a02ff970110000030001000003003c0f162d96";
const CONFIG = Uint8Array.fromHex(`0164001effe1001a${SPS}01000668ebe3cb22c0`);
const FRAME = Uint8Array.fromHex("0000000465888480");

test("after a pause of the source the stream begins with the tracks that were told before", () => {
  const events: MediaEvent[][] = [];
  const closed: string[] = [];
  const inflow = new Inflow({ path: "live/test", remote: "", log: silentLog });
  const begin = (now: number) => {
    const own: MediaEvent[] = [];
    events.push(own);
    const write = (event: MediaEvent) => own.push(event);
    inflow.begin({ write, describe() {}, received() {}, close: (reason) => closed.push(reason) }, now);
  };
  const frame = (time: number) =>
    encodeVideoTag({
      type: "frames",
      track: 0,
      codec: "avc1",
      key: true,
      compositionTime: time,
      nanos: 0,
      data: FRAME,
    });
  begin(0);
  inflow.push(9, 0, encodeVideoTag({ type: "config", track: 0, codec: "avc1", record: CONFIG }), 0);
  inflow.push(9, 0, frame(0), 0);
  inflow.end("the source has ended", 40);
  inflow.end("the source has ended", 40);
  expect(inflow.isOpen).toBe(false);
  begin(5000);
  inflow.push(9, 5000, frame(0), 5000);
  inflow.end("over", 5040);
  expect(closed).toEqual(["the source has ended", "over"]);
  expect(events.map((own) => own.map(({ type }) => type))).toEqual([
    ["tracks", "packet"],
    ["tracks", "packet"],
  ]);
});
