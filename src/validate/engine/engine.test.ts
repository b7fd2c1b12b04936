import { describe, expect, test } from "bun:test";
import { type OriginFault, SimulatedOrigin } from "../../../test/support/simulated-origin.ts";
import { MEDIA_RULES } from "../media/rules.ts";
import { type ValidateOptions, type Verdict, validate } from "../validate.ts";

/** Noise is no media; and plain HTTP on a busy machine is what it is. */
const WITHOUT = [...MEDIA_RULES.map(({ id }) => id), "tls-missing", "part-late"];

async function follow(
  fault: OriginFault | undefined,
  seconds: number,
  more: Partial<ValidateOptions> = {},
): Promise<Verdict> {
  using origin = new SimulatedOrigin(fault);
  return await validate({ url: origin.url, durationMs: seconds * 1000, without: WITHOUT, ...more });
}

const rulesIn = ({ findings }: Verdict) => findings.map(({ rule }) => rule.id).sort();

const FAULTS: readonly (readonly [fault: OriginFault, seconds: number, rules: readonly string[]])[] = [
  ["answers-early", 3, ["blocking-early"]],
  ["answers-late", 5, ["blocking-late"]],
  ["refuses-rollover", 4, ["blocking-refused"]],
  ["accepts-anything", 3, ["far-msn-accepted", "part-without-msn-accepted"]],
  ["hint-not-found", 3, ["hint-not-held"]],
  ["hint-other-bytes", 3, ["hint-differs"]],
  ["hint-trickles", 3, ["hint-trickles"]],
  ["delta-skips-too-much", 3, ["skip-too-much"]],
  ["delta-loses-a-part", 4, ["delta-differs", "part-changed", "part-removed"]],
  ["removes-at-once", 16, ["removed-too-early"]],
  ["always-not-modified", 4, ["not-modified-wrong"]],
  ["wrong-ranges", 3, ["range-wrong"]],
  ["part-missing", 3, ["media-missing"]],
  ["uncacheable", 3, ["blocking-playlist-uncacheable"]],
  ["stalls", 6, ["segment-late"]],
  ["fails-for-a-while", 6, ["playlist-interrupted"]],
  ["says-busy", 6, ["playlist-busy"]],
  ["goes-away", 20, ["playlist-gone"]],
];

describe("an origin with", () => {
  // They wait more than they work.
  test.concurrent("no fault: nothing is found", async () => {
    const verdict = await follow(undefined, 8);
    expect(verdict.findings).toEqual([]);
    expect(verdict).toMatchObject({ kind: "media", renditions: [{ live: true, targetDuration: 1, partTarget: 0.25 }] });
    expect(verdict.renditions[0]?.segmentsRead).toBeGreaterThan(6);
    expect(verdict.requests).toBeGreaterThan(80);
  }, 20_000);

  for (const [fault, seconds, rules] of FAULTS) {
    test.concurrent(`the fault "${fault}"`, async () => {
      expect(rulesIn(await follow(fault, seconds))).toEqual([...rules]);
    }, 40_000);
  }

  test.concurrent("what is no playlist cannot be read", async () => {
    using server = Bun.serve({ port: 0, fetch: () => new Response("<html>") });
    const verdict = await validate({ url: `${server.url}`, durationMs: 1000 });
    expect(verdict.unreadable).toBe("it is no playlist");
    expect((await validate({ url: "http://127.0.0.1:9/main.m3u8", durationMs: 1000 })).unreadable).toMatch(/^refused/);
  });

  test.concurrent("a signal ends it at once", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1000);
    const verdict = await follow(undefined, 60, { signal: stop.signal });
    expect(verdict.seconds).toBeLessThan(4);
    expect(verdict.requests).toBeGreaterThan(5);
  }, 20_000);
});
