import { expect, test } from "bun:test";
import { suggest } from "./suggest.ts";

const NAMES = ["chunkSize", "ackWindow", "listen", "hls_fragment", "hls_path"];

test.each([
  ["chunkSiz", "chunkSize"],
  ["chunk_size", "chunkSize"],
  ["ACKWINDOW", "ackWindow"],
  ["lisetn", "listen"],
  ["hls_fragmetn", "hls_fragment"],
  ["hls_pat", "hls_path"],
])("%s was meant to be %s", (word, meant) => expect(suggest(word, NAMES)).toBe(meant));

test.each(["", "x", "somethingElse", "zzzzzz", "l".repeat(10_000)])("%p is near nothing", (word) => {
  expect(suggest(word, NAMES)).toBeUndefined();
});
