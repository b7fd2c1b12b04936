import { describe, expect, test } from "bun:test";
import { Trail } from "./trail.ts";

describe("Trail", () => {
  const [a, b] = [new Trail("aaa"), new Trail("bbb")];

  test("finds a stream that has come by the same path of the same server", () => {
    const fromA = a.next("live/x", []);
    expect(b.objection("live/x", fromA)).toBeUndefined();
    const fromB = b.next("live/x", fromA);
    expect(a.objection("live/x", fromB)).toContain("a relay loop");
  });

  test("lets a stream come back as another, as from one application to the next", () => {
    const via = a.next("live/x", []);
    expect(a.objection("hls/x", via)).toBeUndefined();
    expect(a.objection("live/x", a.next("hls/x", via))).toContain("a relay loop");
  });

  test("ends what goes on without an end", () => {
    const via = (hops: number) => Array.from({ length: hops }, (_, hop) => `s${hop}-1`);
    expect(a.objection("live/x", via(8))).toBeUndefined();
    expect(a.objection("live/x", via(9))).toContain("more than 8 relays");
  });

  test("does not show the path, which may be a secret", () => {
    expect(a.next("live/secret", []).join()).not.toContain("secret");
  });
});
