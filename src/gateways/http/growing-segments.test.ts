import { expect, test } from "bun:test";
import type { OriginRequest } from "../../hls/answer.ts";
import { GrowingSegments } from "./growing-segments.ts";
import type { AnswerSource, SharedAnswer } from "./shared-answer.ts";

const SEGMENT: OriginRequest = { stream: "live/test", resource: "main/7.m4s", query: "" };
const PIECES = [1, 2, 3].map((n) => new Uint8Array(1000).fill(n));

/** Holds every question until it is answered. */
class HeldSource implements AnswerSource {
  readonly asked: string[] = [];
  #answer: ((answer: SharedAnswer) => void) | undefined;

  request({ resource }: OriginRequest, answer: (answer: SharedAnswer) => void): undefined {
    this.asked.push(resource);
    this.#answer = answer;
  }

  async answer(bytes: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    const shared = { contentType: "video/mp4", cacheControl: "", keepMs: 0 };
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(
      bytes
        ? { ...shared, kind: "media", body: { blob: new Blob([bytes]), bytes, etag: "" } }
        : { kind: "error", status: 503, reason: "too late", cacheControl: "" },
    );
    await Bun.sleep(0);
  }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

test("each piece is asked for once, and all readers get the same bytes, from the first on", async () => {
  const source = new HeldSource();
  const growing = new GrowingSegments(source);
  const first = readAll(growing.stream(SEGMENT));
  await source.answer(PIECES[0]);
  const late = readAll(growing.stream(SEGMENT));
  const slow = growing.stream(SEGMENT).getReader();
  await source.answer(PIECES[1]);
  await source.answer(PIECES[2]);
  await source.answer(new Uint8Array(0));
  for (const read of [await first, await late]) {
    expect(read).toHaveLength(3);
    for (const [index, piece] of read.entries()) expect(piece).toBe(PIECES[index] as Uint8Array);
  }
  for (const piece of PIECES) expect((await slow.read()).value).toBe(piece);
  expect((await slow.read()).done).toBe(true);
  expect(source.asked).toEqual([0, 1, 2, 3].map((index) => `main/7.piece-${index}`));
});

test("a segment that stops growing fails its readers, and is asked for anew by the next", async () => {
  const source = new HeldSource();
  const growing = new GrowingSegments(source);
  const reading = readAll(growing.stream(SEGMENT)).catch(String);
  await source.answer(PIECES[0]);
  await source.answer(undefined);
  expect(await reading).toContain("not completed");
  void growing.stream(SEGMENT);
  expect(source.asked.at(-1)).toBe("main/7.piece-0");
});

test("a reader that goes does not end it for the others", async () => {
  const source = new HeldSource();
  const growing = new GrowingSegments(source);
  const left = growing.stream(SEGMENT);
  const stays = readAll(growing.stream(SEGMENT));
  await source.answer(PIECES[0]);
  await left.cancel();
  await source.answer(PIECES[1]);
  await source.answer(new Uint8Array(0));
  expect(await stays).toHaveLength(2);
});
