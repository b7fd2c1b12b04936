import { describe, expect, test } from "bun:test";
import type { LoadReport } from "../../src/load/report.ts";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { type RunningProcess, sleep, start } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

const naruLoad = (...args: string[]): RunningProcess =>
  start(process.execPath, [projectPath("src/main.ts"), "load", "--json", ...args]);

/** Runs to the end; the report is what stands behind the lines of progress. */
async function report(load: RunningProcess): Promise<{ code: number; report: LoadReport }> {
  const code = await load.end(40_000);
  return { code, report: JSON.parse(load.output.slice(load.output.indexOf("{\n"))) as LoadReport };
}

async function publishing(naru: Naru): Promise<RunningProcess> {
  const encoder = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"));
  await naru.live("live/test");
  return encoder;
}

describe("naru load", () => {
  testWith("ffmpeg")(
    "a hundred viewers of every kind play without a stall or an error",
    async () => {
      await using naru = await startNaru();
      await using _ = await publishing(naru);
      const url = naru.playlistUrl("live/test");
      const seconds = ["--seconds", "8"];
      const [parts, hints, plain] = await Promise.all([
        report(naruLoad(url, "-n", "60", "--churn", "2", ...seconds)),
        report(naruLoad(url, "-n", "20", "--hints", ...seconds)),
        report(naruLoad(url, "-n", "20", "--plain", ...seconds)),
      ]);
      for (const run of [parts, hints, plain]) {
        expect(run.report.errors.byKind).toEqual({});
        expect(run.report.stalls.count).toBe(0);
        expect(run.code).toBe(0);
      }
      expect(parts.report.viewers).toMatchObject({ most: 60 });
      expect(parts.report.viewers.left).toBeGreaterThan(10);
      expect(parts.report.requests.byKind.part).toBeGreaterThan(60 * 15);
      expect(parts.report.latency.p50).toBeLessThan(2_500);
      expect(plain.report.requests.byKind.part).toBeUndefined();
      expect(plain.report.requests.byKind.segment).toBeGreaterThan(20 * 4);
      // The server can tell the viewers of one process apart.
      const listed = (await (await fetch(`${naru.http}/api/streams/live/test`)).json()) as { viewers: number };
      expect(listed.viewers).toBeGreaterThanOrEqual(60);
    },
    60_000,
  );

  testWith("ffmpeg")(
    "a server that stands still is seen as stalls, by the exit code too",
    async () => {
      await using naru = await startNaru();
      await using _ = await publishing(naru);
      const load = naruLoad(naru.playlistUrl("live/test"), "-n", "10", "--seconds", "12");
      await load.waitFor(/10 playing/);
      naru.process.signal("SIGSTOP");
      await sleep(4000);
      naru.process.signal("SIGCONT");
      const { code, report: found } = await report(load);
      expect(code).toBe(1);
      expect(found.stalls).toMatchObject({ count: 10, viewers: 10 });
      // Each has a second or so of media.
      expect(found.stalls.totalMs).toBeGreaterThan(10 * 1_500);
      expect(found.stalls.totalMs).toBeLessThan(10 * 4_500);
      expect(found.errors.byKind).toEqual({});
    },
    60_000,
  );

  testWith("ffmpeg")(
    "over TLS: HTTP/1.1, HTTP/2 with a connection for each viewer, HTTP/3",
    async () => {
      await using naru = await startNaru({ tls: true });
      await using _ = await publishing(naru);
      const url = `${naru.https}/live/test/index.m3u8`;
      const common = ["-n", "10", "--seconds", "6", "--insecure"];
      const runs = await Promise.all([
        report(naruLoad(url, ...common)),
        report(naruLoad(url, "--http2", ...common)),
        report(naruLoad(url, "--http3", ...common)),
      ]);
      for (const { code, report: found } of runs) {
        expect(found.errors.byKind).toEqual({});
        expect(found.requests.byKind.part).toBeGreaterThan(10 * 10);
        expect(code).toBe(0);
      }
      const refused = await report(naruLoad(url, "-n", "1", "--seconds", "1"));
      expect(refused.report.errors.byKind).toEqual({ "multivariant: no connection": 1 });
    },
    60_000,
  );

  test("nobody there", async () => {
    await using naru = await startNaru();
    const { code, report: found } = await report(naruLoad(naru.playlistUrl("live/none"), "-n", "2", "--seconds", "1"));
    expect(code).toBe(1);
    expect(found.viewers.played).toBe(0);
  }, 20_000);
});
