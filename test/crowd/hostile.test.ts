import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { END_HEADERS, END_STREAM, FRAME, frame, getHeaders, header, PREFACE } from "../support/h2-frames.ts";
import { HostileCrowd } from "../support/hostile-crowd.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { type RunningProcess, sleep, until } from "../support/process.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { isThere, testWith } from "../support/requires.ts";
import { percentile, SteadyViewer } from "../support/steady-viewer.ts";

/** How long the crowds are at it; longer than a connection that says nothing lives. */
const SECONDS = Number(process.env.TEST_SECONDS ?? 20);
/** Players hold three parts of 0.4 s: one that comes later than that stops them. */
const LATE_MS = 1_200;
const MIB = 1024 ** 2;

/** Sent as they are, each over a connection of its own; the first line of the answer. */
const TARGETS: readonly (readonly [string, string, RegExp])[] = [
  ["dots", get("/live/test/../../../../etc/passwd"), /^HTTP\/1.1 200 .*<!doctype html>/s],
  ["encoded dots", get("/live/test/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), /^HTTP\/1.1 200 .*<!doctype html>/s],
  ["an encoded slash behind dots", get("/live/test/..%2f..%2f..%2f/etc/passwd"), /^HTTP\/1.1 400/],
  ["dots encoded twice", get("/live/test/%252e%252e/index.m3u8"), /^HTTP\/1.1 404/],
  ["many slashes", get("//live////test//index.m3u8"), /^HTTP\/1.1 200/],
  ["a NUL", get("/live/test%00/index.m3u8"), /^HTTP\/1.1 400/],
  ["a NUL as it is", get("/live/te\0st/index.m3u8"), /^HTTP\/1.1 505/],
  ["a broken escape", get("/live/%zz/index.m3u8"), /^HTTP\/1.1 400/],
  ["8 KiB of path", get(`/live/${"k".repeat(8_300)}/index.m3u8`), /^HTTP\/1.1 414/],
  ["64 KiB of path", get(`/live/${"k".repeat(65_000)}`), /^HTTP\/1.1 431/],
  ["the absolute form", get("http://elsewhere.example/live/test/index.m3u8"), /^HTTP\/1.1 200/],
  ["another scheme", get("file:///etc/passwd"), /^HTTP\/1.1 400/],
  ["the authority form", "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n", /^HTTP\/1.1 400/],
  ["an asterisk", get("*"), /^HTTP\/1.1 400/],
  ["no Host", "GET /live/test/index.m3u8 HTTP/1.1\r\n\r\n", /^HTTP\/1.1 400/],
  ["two Hosts", get("/live/test/index.m3u8", "Host: b"), /^HTTP\/1.1 200/],
  ["a Host that is none", "GET /live/test/index.m3u8 HTTP/1.1\r\nHost: a b/c?d#e\r\n\r\n", /^HTTP\/1.1 200/],
  ["two lengths", get("/health", "Content-Length: 0\r\nContent-Length: 5"), /^HTTP\/1.1 400/],
  ["a length and chunks", get("/health", "Content-Length: 5\r\nTransfer-Encoding: chunked"), /^HTTP\/1.1 400/],
  ["64 KiB of headers", get("/health", `X: ${"x".repeat(65_000)}`), /^HTTP\/1.1 431/],
  ["3,000 headers", get("/health", "X: y\r\n".repeat(3_000).trimEnd()), /^HTTP\/1.1 431/],
  ["a header that goes on in the next line", get("/health", "X: a\r\n b"), /^HTTP\/1.1 400/],
  ["a name with a space", get("/health", "X : a"), /^HTTP\/1.1 400/],
  ["a version from the future", "GET /health HTTP/9.9\r\nHost: a\r\n\r\n", /^HTTP\/1.1 505/],
  ["one part of a part", get("/SEGMENT", "Range: bytes=0-9"), /^HTTP\/1.1 206/],
  ["ranges that overlap", get("/SEGMENT", "Range: bytes=0-9,5-14,0-"), /^HTTP\/1.1 200/],
  ["a thousand ranges", get("/SEGMENT", `Range: bytes=${"0-,".repeat(1_000)}0-`), /^HTTP\/1.1 200/],
  ["a range beyond", get("/SEGMENT", "Range: bytes=99999999999999999999-"), /^HTTP\/1.1 416/],
  ["a range to beyond", get("/SEGMENT", "Range: bytes=0-99999999999999999999999"), /^HTTP\/1.1 206/],
  ["a range backwards", get("/SEGMENT", "Range: bytes=9-0"), /^HTTP\/1.1 200/],
  ["a suffix longer than all", get("/SEGMENT", "Range: bytes=-99999999999999999999"), /^HTTP\/1.1 206/],
  ["a range of nothing", get("/SEGMENT", "Range: bytes=-0"), /^HTTP\/1.1 416/],
  ["a range of apples", get("/SEGMENT", "Range: apples=1-2"), /^HTTP\/1.1 200/],
  ["a segment number beyond", get(`/live/test/main/${"9".repeat(40)}.m4s`), /^HTTP\/1.1 404/],
  ["directives beyond", get(`/live/test/main.m3u8?_HLS_msn=${"9".repeat(40)}`), /^HTTP\/1.1 400/],
  ["directives a hundred times", get(`/live/test/main.m3u8?${"_HLS_msn=1&".repeat(100)}`), /^HTTP\/1.1 200/],
];

function get(target: string, headers?: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers === undefined ? "" : `${headers}\r\n`}\r\n`;
}

describe("slow and hostile viewers beside one who only watches", () => {
  let naru: Naru;
  let publisher: RunningProcess | undefined;
  let segment = "";

  beforeAll(async () => {
    naru = await startNaru({ tls: true });
    if (!isThere("ffmpeg")) return;
    publisher = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/test"), { loop: true });
    await naru.live("live/test");
    segment = await until("a segment", 20_000, async () => {
      const playlist = await (await fetch(`${naru.http}/live/test/main.m3u8`)).text();
      return /^main\/\d+\.m4s$/m.exec(playlist)?.[0];
    });
  }, 90_000);
  afterAll(async () => {
    await publisher?.stop();
    await naru[Symbol.asyncDispose]();
  });

  const watch = () => new SteadyViewer(`${naru.http}/live/test/main.m3u8`);

  async function expectUndisturbed(viewer: SteadyViewer, seconds: number): Promise<void> {
    const { parts, lateness, failures } = await viewer.finish();
    expect(failures).toEqual([]);
    // The first is waited for, and a clip that begins again may cost one.
    expect(parts).toBeGreaterThan(seconds / 0.4 - 8);
    expect(percentile(lateness, 1)).toBeLessThan(LATE_MS);
  }

  testWith("ffmpeg")("requests made to confuse get a clean answer each", async () => {
    const answers = await Promise.all(
      TARGETS.map(async ([name, request, expected]) => {
        const answer = await ask(naru.ports.http, request.replace("/SEGMENT", `/live/test/${segment}`));
        if (answer.includes("root:")) return `${name}: a file of the system`;
        return expected.test(answer) ? undefined : `${name}: ${answer.slice(0, 60)}`;
      }),
    );
    expect(answers.filter((wrong) => wrong !== undefined)).toEqual([]);
    expect((await fetch(`${naru.http}/health`)).status).toBe(200);
  });

  testWith("ffmpeg")(
    "thousands that say nothing, never finish, or do not read",
    async () => {
      const { http } = naru.ports;
      const viewer = watch();
      const before = resident(naru);
      await using idle = await HostileCrowd.connect(http, 2_000, { reads: true });
      await using endless = await HostileCrowd.connect(http, 300, {
        says: "GET / HTTP/1.1\r\nHost: a\r\n",
        reads: true,
        drips: { text: "x: y\r\n", everyMs: 2_000 },
      });
      await using readers = await HostileCrowd.connect(http, 300, { says: get(`/live/test/${segment}`), reads: false });
      await using waiting = await HostileCrowd.connect(http, 1_000, { says: get(await nextReload()), reads: true });
      await sleep(2_000);
      expect([idle.open, endless.open, readers.open, waiting.open]).toEqual([2_000, 300, 300, 1_000]);
      expect(resident(naru) - before).toBeLessThan(120 * MIB);
      await sleep(SECONDS * 1_000 - 2_000);
      // Who waited has long been answered, and is a connection between two requests now.
      expect(waiting.received).toBeGreaterThan(1_000 * 1_000);
      expect([idle.open, endless.open]).toEqual([0, 0]);
      await expectUndisturbed(viewer, SECONDS);
    },
    SECONDS * 1_000 + 30_000,
  );

  testWith("ffmpeg")(
    "floods of requests",
    async () => {
      const viewer = watch();
      const end = performance.now() + 6_000;
      const statuses = new Map<number, number>();
      const base = `${naru.http}/live`;
      const paths = [
        (n: number) => `/none${n}/main.m3u8`,
        (n: number) => `/test/main.m3u8?session=${n}`,
        (n: number) => `/test/main.m3u8?_HLS_msn=${n}999999999`,
        () => "/test/main.m3u8",
        () => `/test/${segment}`,
      ];
      const flooder = async (path: (n: number) => string, first: number) => {
        for (let n = first; performance.now() < end; n += 8) {
          const response = await fetch(base + path(n));
          await response.arrayBuffer();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        }
      };
      await Promise.all(paths.flatMap((path) => Array.from({ length: 4 }, (_, n) => flooder(path, n))));
      expect([...statuses.keys()].sort()).toEqual([200, 400, 404]);
      await expectUndisturbed(viewer, 6);
    },
    30_000,
  );

  testWith("ffmpeg")(
    "HTTP/2 made to overwork the server",
    async () => {
      const viewer = watch();
      const before = resident(naru);
      const { https } = naru.ports;
      const many = (count: number, make: (n: number) => Buffer) =>
        Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));
      const held = getHeaders("/live/test/main.m3u8?_HLS_msn=1");
      const streams = (flags: number, n: number) => frame(FRAME.headers, END_HEADERS | flags, 1 + 2 * n, held);
      const large = many(10, () => header("x-a", "b".repeat(100)));
      const attacks: readonly (readonly [string, Buffer, "closed" | "open"])[] = [
        [
          "rapid reset",
          many(20_000, (n) =>
            Buffer.concat([streams(END_STREAM, n), frame(FRAME.resetStream, 0, 1 + 2 * n, Buffer.of(0, 0, 0, 8))]),
          ),
          "closed",
        ],
        [
          "headers without end",
          Buffer.concat([
            frame(FRAME.headers, END_STREAM, 1, held),
            many(2_000, () => frame(FRAME.continuation, 0, 1, large)),
          ]),
          "closed",
        ],
        ["settings", many(20_000, () => frame(FRAME.settings, 0, 0, Buffer.of(0, 4, 0, 0, 255, 255))), "open"],
        ["pings", many(20_000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))), "open"],
        ["streams without end", many(2_000, (n) => streams(0, n)), "open"],
      ];
      const outcomes = await Promise.all(attacks.map(async ([name, bytes]) => [name, await attackH2(https, bytes)]));
      expect(outcomes).toEqual(attacks.map(([name, , outcome]) => [name, outcome]));
      expect(resident(naru) - before).toBeLessThan(100 * MIB);
      await expectUndisturbed(viewer, 4);
    },
    30_000,
  );

  /** A reload that is answered with the segment after the next. */
  async function nextReload(): Promise<string> {
    const text = await (await fetch(`${naru.http}/live/test/main.m3u8`)).text();
    const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    return `/live/test/main.m3u8?_HLS_msn=${first + (text.match(/^#EXTINF/gm)?.length ?? 0) + 1}`;
  }
});

/** Everything that comes back until the connection is quiet. */
async function ask(port: number, request: string): Promise<string> {
  using peer = await RawPeer.connect(port);
  peer.write(Buffer.from(request, "latin1"));
  const answer = await peer.receive(1, 5_000).catch(() => Buffer.alloc(0));
  await sleep(100);
  return (await peer.receive(0).catch(() => answer)).toString("latin1");
}

/** Whether the server still has the connection four seconds after it was sent these frames. */
async function attackH2(port: number, bytes: Buffer): Promise<"open" | "closed"> {
  const socket = connectTls({ port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false });
  let closed = false;
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  socket.on("data", () => {});
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), bytes]));
  await sleep(4_000);
  socket.destroy();
  return closed ? "closed" : "open";
}

/** Bytes of the server's own memory. */
function resident(naru: Naru): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${naru.process.pid}/status`, "latin1"))?.[1]) * 1024;
}
