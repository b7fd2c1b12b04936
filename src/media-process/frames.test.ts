import { expect, test } from "bun:test";
import { MalformedError } from "../bytes/errors.ts";
import { encodeFrame, FrameReader } from "./frames.ts";

const messages = [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array(300).fill(7)];
const bytes = Uint8Array.from(messages.flatMap((message) => [...encodeFrame(message)]));

test.each([1, 2, 3, 4, 5, 7, 100, 1000])("messages in pieces of %i bytes", (size) => {
  const reader = new FrameReader(300);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...reader.push(bytes.subarray(at, at + size)));
  expect(found).toEqual(messages);
});

test("a message that is too long", () => {
  expect(() => new FrameReader(299).push(bytes)).toThrow(MalformedError);
});
