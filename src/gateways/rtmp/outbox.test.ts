import { describe, expect, test } from "bun:test";
import { Outbox } from "./outbox.ts";

/** A socket that takes as much as it is told to. */
class Bench {
  now = 0;
  room = Number.POSITIVE_INFINITY;
  readonly taken: Uint8Array[] = [];
  readonly outbox = new Outbox({
    write: (bytes) => {
      const size = Math.min(this.room, bytes.length);
      this.room -= size;
      if (size > 0) this.taken.push(bytes.slice(0, size));
      return size;
    },
    clock: () => this.now,
  });

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const A = {};
const B = {};

describe("the outbox", () => {
  test("sends media at once, in one write", () => {
    const { outbox, taken } = new Bench();
    expect(outbox.offer(bytes("one"), A, 1000)).toBe(true);
    expect(taken.length).toBe(1);
    expect(outbox.isEmpty).toBe(true);
  });

  test("keeps what the socket does not take, in order", () => {
    const bench = new Bench();
    bench.room = 2;
    bench.outbox.offer(bytes("abcd"), A, 1000);
    bench.outbox.push(bytes("EF"));
    bench.outbox.offer(bytes("gh"), A, 1000);
    expect(bench.text).toBe("ab");
    bench.room = 3;
    bench.outbox.flush();
    expect(bench.text).toBe("abcdE");
    bench.room = 100;
    bench.outbox.flush();
    expect(bench.text).toBe("abcdEFgh");
    expect(bench.outbox.isEmpty).toBe(true);
  });

  test("drops the media of who is too slow, but never half of a message", () => {
    const bench = new Bench();
    bench.room = 2;
    bench.outbox.offer(bytes("abcd"), A, 1000);
    bench.outbox.offer(bytes("ef"), A, 1000);
    bench.outbox.offer(bytes("gh"), B, 1000);
    bench.outbox.push(bytes("!"));
    bench.now = 1001;
    expect(bench.outbox.offer(bytes("ij"), A, 1000)).toBe(false);
    bench.room = 100;
    bench.outbox.flush();
    expect(bench.text).toBe("abcdgh!");
    expect(bench.outbox.offer(bytes("kl"), A, 1000)).toBe(true);
  });

  test("is bounded in bytes", () => {
    const bench = new Bench();
    bench.room = 0;
    const megabyte = new Uint8Array(1 << 20);
    let accepted = 0;
    for (let n = 0; n < 100; n++) if (bench.outbox.offer(megabyte, A, 60_000)) accepted++;
    expect(accepted).toBeLessThan(100);
    bench.room = Number.POSITIVE_INFINITY;
    bench.outbox.flush();
    expect(bench.outbox.sent).toBeLessThanOrEqual(5 << 20);
  });

  test("gathers what is small", () => {
    const bench = new Bench();
    bench.outbox.cork();
    for (let n = 0; n < 10; n++) bench.outbox.offer(bytes(String(n)), A, 1000);
    bench.outbox.push(bytes("!"));
    expect(bench.taken).toEqual([]);
    bench.outbox.flush();
    expect(bench.taken.length).toBe(1);
    expect(bench.text).toBe("0123456789!");
    expect(bench.outbox.ownBytes).toBe(0);
  });

  test("knows how long the socket has taken nothing", () => {
    const bench = new Bench();
    bench.room = 1;
    bench.outbox.offer(bytes("abc"), A, 1000);
    bench.now = 500;
    expect(bench.outbox.stuckFor(700)).toBe(700);
    bench.room = 1;
    bench.outbox.flush();
    expect(bench.outbox.stuckFor(700)).toBe(200);
    bench.room = 10;
    bench.outbox.flush();
    expect(bench.outbox.stuckFor(9000)).toBe(0);
  });
});
