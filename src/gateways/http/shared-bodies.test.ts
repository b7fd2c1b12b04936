import { describe, expect, test } from "bun:test";
import { SharedBodies } from "./shared-bodies.ts";

const MiB = 1024 ** 2;

describe("shared bodies", () => {
  test("the same bytes are copied once", async () => {
    const bodies = new SharedBodies();
    const body = new Uint8Array([1, 2, 3]);
    const first = bodies.get(body, 0);
    expect(bodies.get(body, 100)).toBe(first);
    expect(new Uint8Array(await first.blob.arrayBuffer())).toEqual(body);
    expect(bodies.bytes).toBe(3);
  });

  test("the tag tells contents apart, not objects", () => {
    const bodies = new SharedBodies();
    const tag = bodies.get(new Uint8Array([1]), 0).etag;
    expect(bodies.get(new Uint8Array([1]), 0).etag).toBe(tag);
    expect(bodies.get(new Uint8Array([2]), 0).etag).not.toBe(tag);
  });

  test("what nobody asks for is forgotten", () => {
    const bodies = new SharedBodies();
    const used = new Uint8Array(10);
    bodies.get(new Uint8Array(100), 0);
    bodies.get(used, 0);
    bodies.get(used, 4000);
    bodies.sweep(6000);
    expect(bodies.bytes).toBe(10);
    bodies.sweep(20_000);
    expect(bodies.bytes).toBe(0);
  });

  test("never holds more than its bound, save one body", () => {
    const bodies = new SharedBodies();
    for (let i = 0; i < 20; i++) {
      bodies.get(new Uint8Array(4 * MiB), 0);
      expect(bodies.bytes).toBeLessThanOrEqual(32 * MiB);
    }
    bodies.get(new Uint8Array(40 * MiB), 0);
    expect(bodies.bytes).toBe(40 * MiB);
  });
});
