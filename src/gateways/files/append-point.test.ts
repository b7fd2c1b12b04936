import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../../../test/support/directory.ts";
import { encodeFileHeader, encodeTag } from "../../formats/flv/tag.ts";
import { flvAppendPoint } from "./append-point.ts";
import { RecordingWriter } from "./recording-writer.ts";

const head = encodeFileHeader({ audio: true, video: true });
const tag = (timestamp: number) => encodeTag({ type: 9, timestamp, body: Uint8Array.of(0x27, 1, 2) });
const file = Buffer.concat([head, tag(0), tag(0x12_34_56_78)]);

describe("where an FLV file goes on", () => {
  test("is at its end, by the time of its last tag", () => {
    using directory = new TemporaryDirectory();
    const path = directory.join("a.flv");
    writeFileSync(path, file);
    expect(flvAppendPoint(path)).toEqual({ size: file.length, lastTime: 0x12_34_56_78 });
  });

  test.each([
    ["there is none", undefined],
    ["it is empty", file.subarray(0, 0)],
    ["it has a head alone", file.subarray(0, 13)],
    ["its last tag is broken off", file.subarray(0, file.length - 3)],
    ["it is something else", Buffer.alloc(200, 0xff)],
  ])("is nowhere when %s", (_, bytes) => {
    using directory = new TemporaryDirectory();
    const path = directory.join("a.flv");
    if (bytes) writeFileSync(path, bytes);
    expect(flvAppendPoint(path)).toBeUndefined();
  });

  test("is where the writer goes on; without one, a file that is there is left alone", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.join("a.flv");
    const options = { path: directory.join("a"), ending: ".flv", overwrite: false, onFailed: () => {} };
    for (let round = 0; round < 2; round++) {
      const done: string[] = [];
      const append = flvAppendPoint(path);
      const writer = new RecordingWriter({ ...options, append, onDone: (written) => void done.push(written) });
      expect(writer.goesOnAt).toBe(round === 0 ? undefined : 140);
      writer.write({ bytes: round === 0 ? Buffer.concat([head, tag(100)]) : tag(140) });
      writer.close({ duration: 0, bytes: 0, reason: "stopped" });
      await writer.flush();
      expect(done).toEqual([path]);
    }
    expect(readFileSync(path)).toEqual(Buffer.concat([head, tag(100), tag(140)]));
    writeFileSync(path, "broken off");
    const other: string[] = [];
    const append = flvAppendPoint(path);
    const writer = new RecordingWriter({ ...options, append, onDone: (written) => void other.push(written) });
    writer.write({ bytes: head });
    writer.close({ duration: 0, bytes: 0, reason: "stopped" });
    await writer.flush();
    expect(other).toEqual([directory.join("a-2.flv")]);
    expect(readFileSync(path, "utf8")).toBe("broken off");
  });
});
