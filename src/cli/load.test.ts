import { describe, expect, test } from "bun:test";
import { planConnections } from "../load/limits.ts";
import { makeReport, reportRows } from "../load/report.ts";
import { Tally } from "../load/tally.ts";
import { parseLoadRequest } from "./load.ts";

const url = "http://127.0.0.1:8080/live/test/index.m3u8";

describe("naru load's options", () => {
  test("defaults", () => {
    expect(parseLoadRequest({ url, viewers: "1000" })).toMatchObject({
      viewers: 1000,
      duration: Number.POSITIVE_INFINITY,
      ramp: 2_000,
      variant: "auto",
      rate: 1,
      timeout: 10_000,
      maxStalls: 0,
    });
  });

  test("units", () => {
    expect(
      parseLoadRequest({ url, seconds: "1.5", bandwidth: "800", "switch-every": "20", variant: "2", churn: "0.5" }),
    ).toMatchObject({ viewers: 10, duration: 1_500, bandwidth: 800_000, switchEvery: 20_000, variant: 2, churn: 0.5 });
  });

  test.each([
    [{}, "which URL"],
    [{ url: "rtmp://h/x" }, "is not an http or https URL"],
    [{ url, viewers: "0" }, "--viewers takes a number from 1 to 100000"],
    [{ url, viewers: "many" }, "--viewers"],
    [{ url, seconds: "-1" }, "--seconds"],
    [{ url, rate: "3" }, "--rate takes a number from 1 to 2"],
    [{ url, variant: "best" }, "--variant"],
    [{ url, http2: true }, "--http2 needs an https URL"],
    [{ url, "max-errors": "x" }, "--max-errors"],
  ])("%p: %s", (given, expected) => {
    expect(parseLoadRequest(given)).toContain(expected);
  });
});

describe("the report", () => {
  test("says what happened", () => {
    const tally = new Tally();
    tally.failed("part", 404);
    tally.failed("playlist", "timeout");
    tally.failed("part", 404);
    tally.stalled(1_500, true);
    tally.stalled(500, false);
    for (let n = 0; n < 100; n++) tally.shows(1_300);
    tally.startup.add(80);
    const report = makeReport(tally, { url, seconds: 10, most: 2, joined: 3, left: 1 });
    expect(report.errors).toEqual({
      total: 3,
      byKind: { "part: status 404": 2, "playlist: no answer in time": 1 },
    });
    const rows = Object.fromEntries(reportRows(report).filter(([label]) => label !== ""));
    expect(rows.Stalls).toBe("2, 2.0 s in all, 1 viewers (33.3 %)");
    expect(rows.Viewers).toBe("2; 3 came and 1 left in all; 2 never played");
    expect(rows.Latency).toBe("p50 1.30 s, p95 1.30 s, p99 1.30 s, max 1.30 s");
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ mediaAge: { count: 0, p50: null } });
  });

  test("says that a clock is wrong when something was seen before its time", () => {
    const tally = new Tally();
    tally.shows(-5_000);
    const rows = reportRows(makeReport(tally, { url, seconds: 1, most: 1, joined: 1, left: 0 }));
    expect(rows.at(-1)?.[1]).toContain("clocks");
  });
});

describe("limits", () => {
  test("more connections than open files are allowed", async () => {
    const plan = await planConnections(50_000_000, "127.0.0.1", 2);
    expect(plan).toMatchObject({ type: "impossible" });
    expect(plan.type === "impossible" && plan.reason).toContain("ulimit -n");
  });

  test("more connections than source ports are spread over addresses of the loopback, where the server is there", async () => {
    const viewers = 9_000;
    const refused = await planConnections(viewers, "127.0.0.1", 2, async () => false, {
      descriptors: 1e6,
      ports: 10_000,
    });
    expect(refused.type === "impossible" && refused.reason).toContain("source ports");
    const spread = await planConnections(viewers, "127.0.0.1", 2, async () => true, {
      descriptors: 1e6,
      ports: 10_000,
    });
    expect(spread).toEqual({ type: "possible", addresses: ["127.0.0.1", "127.0.0.2"] });
  });
});
