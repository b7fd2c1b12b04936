import { expect, test } from "bun:test";
import { SlabAllocator } from "./slab.ts";

test("small buffers share a slab and do not overlap", () => {
  const slabs = new SlabAllocator();
  const buffers = Array.from({ length: 50 }, (_, n) => slabs.take(30_000 + n).fill(n + 1));
  for (const [n, buffer] of buffers.entries()) {
    expect(buffer.length).toBe(30_000 + n);
    expect(buffer.every((byte) => byte === n + 1)).toBe(true);
  }
  expect(new Set(buffers.map(({ buffer }) => buffer)).size).toBe(2);
});

test("a large buffer has memory of its own", () => {
  const slabs = new SlabAllocator();
  const small = slabs.take(10);
  expect(slabs.take(600_000).buffer.byteLength).toBe(600_000);
  expect(slabs.take(10).buffer).toBe(small.buffer);
});
