import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { type Decoded, decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { faultsOf } from "../support/playback.ts";
import { freePort } from "../support/ports.ts";
import { type RunningProcess, sleep, start } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { chunk, RawPeer } from "../support/raw-peer.ts";
import { isThere, testWith } from "../support/requires.ts";

const HANDSHAKE_TIMEOUT_MS = 3000;
/** What a peer that misbehaves may cost for a moment. */
const MEMORY_BYTES = 64 * 2 ** 20;

describe("bad input beside a good stream", () => {
  let naru: Naru;
  let good: RunningProcess | undefined;
  let watched: Promise<Decoded> | undefined;

  beforeAll(async () => {
    naru = await startNaru({ config: { rtmp: { handshakeTimeout: "3s" } } });
    if (!isThere("ffmpeg")) return;
    good = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/good"), { loop: true });
    const playlist = await naru.live("live/good");
    watched = decodeWithFfmpeg(playlist, 20);
    watched.catch(() => {});
  }, 90_000);
  afterAll(async () => {
    await good?.stop();
    await naru[Symbol.asyncDispose]();
  });

  const RTMP_PORT: readonly { name: string; bytes: () => Uint8Array | string; said?: RegExp }[] = [
    { name: "garbage", bytes: () => Buffer.alloc(100_000, 0xa5) },
    { name: "HTTP", bytes: () => "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", said: /HTTP/ },
    { name: "TLS", bytes: () => Buffer.from("16030100c8010000c40303", "hex"), said: /TLS/ },
  ];
  for (const { name, bytes, said } of RTMP_PORT) {
    test(`${name} on the RTMP port is closed`, async () => {
      using peer = await RawPeer.connect(naru.ports.rtmp);
      peer.write(bytes());
      expect(await peer.closedWithin(2000)).toBeDefined();
      if (said) await naru.process.waitFor(said, 1000);
    });
  }

  test("a handshake that stalls, and one that brings a byte at a time, are closed in time", async () => {
    using silent = await RawPeer.connect(naru.ports.rtmp);
    using slow = await RawPeer.connect(naru.ports.rtmp);
    slow.write(Buffer.of(3));
    const drip = setInterval(() => slow.write(Buffer.of(0)), 200);
    const times = await Promise.all([silent, slow].map((peer) => peer.closedWithin(HANDSHAKE_TIMEOUT_MS * 2)));
    clearInterval(drip);
    for (const ms of times) expect(ms).toBeGreaterThan(HANDSHAKE_TIMEOUT_MS * 0.6);
  }, 15_000);

  test("messages announced as 16 MB cost no memory", async () => {
    const before = residentBytes(naru);
    const peers = await Promise.all(Array.from({ length: 20 }, () => RawPeer.connectRtmp(naru.ports.rtmp)));
    for (const peer of peers) {
      for (let csid = 3; csid < 60; csid++) {
        peer.write(chunk({ csid, type: 9, length: 0xff_ffff, payload: Buffer.alloc(128) }));
      }
    }
    await sleep(1000);
    expect(residentBytes(naru) - before).toBeLessThan(MEMORY_BYTES);
    for (const peer of peers) peer[Symbol.dispose]();
  }, 15_000);

  test("60,000 chunk streams end the connection", async () => {
    const before = residentBytes(naru);
    using peer = await RawPeer.connectRtmp(naru.ports.rtmp);
    for (let csid = 3; csid < 60_003 && !peer.isClosed; csid++) {
      peer.write(chunk({ csid, type: 9, length: 1000, payload: Buffer.alloc(128) }));
      if (csid % 1000 === 0) await sleep(1);
    }
    expect(await peer.closedWithin(2000)).toBeDefined();
    expect(residentBytes(naru) - before).toBeLessThan(MEMORY_BYTES);
  }, 15_000);

  test("AMF nested 10,000 deep ends the connection", async () => {
    using peer = await RawPeer.connectRtmp(naru.ports.rtmp);
    const setChunkSize = Buffer.alloc(4);
    setChunkSize.writeUInt32BE(1_000_000);
    peer.write(chunk({ csid: 2, type: 1, payload: setChunkSize }));
    // AMF0: "connect", 1, then objects whose only key `a` holds the next object.
    const connect = Buffer.from("020007636f6e6e656374003ff0000000000000", "hex");
    const nested = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from("03000161", "hex")));
    peer.write(chunk({ csid: 3, type: 20, payload: Buffer.concat([connect, nested]) }));
    expect(await peer.closedWithin(2000)).toBeDefined();
  });

  for (const { name, key } of [
    { name: "../", key: "../../etc/passwd" },
    { name: "2,000 characters", key: "k".repeat(2000) },
  ]) {
    testWith("ffmpeg")(
      `a key with ${name} is refused`,
      async () => {
        await using publisher = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl(`live/${key}`));
        expect(await publisher.end(10_000)).not.toBe(0);
      },
      15_000,
    );
  }

  for (const { name, key } of [
    { name: "spaces", key: "a%20key%20with%20spaces" },
    { name: "Korean", key: "한국어" },
  ]) {
    testWith("ffmpeg")(
      `a key with ${name} is accepted and plays`,
      async () => {
        await using publisher = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl(`live/${key}`));
        await naru.live(`live/${key}`);
        expect(publisher.exitCode).toBeUndefined();
      },
      30_000,
    );
  }

  testWith("ffmpeg")(
    "a stream without any keyframe is kept",
    async () => {
      await using publisher = publishWithFfmpeg(await clip("h264-aac"), naru.publishUrl("live/no-keyframe"), {
        output: ["-bsf:v", "noise=drop=key"],
      });
      await sleep(5000);
      expect(publisher.exitCode).toBeUndefined();
      expect([200, 404, 503]).toContain((await fetch(naru.playlistUrl("live/no-keyframe"))).status);
    },
    15_000,
  );

  const PATHS = [
    "/live/..%2f..%2f..%2fetc%2fpasswd/index.m3u8",
    "/live/%ff%fe/index.m3u8",
    "/live/%zz/index.m3u8",
    "/live/%00/index.m3u8",
    `/live/${"k".repeat(2000)}/index.m3u8`,
    "/live/good/main/999999999999999999999.m4s",
    "/live/good/main/-1.m4s",
  ];
  for (const path of PATHS) {
    test(`HTTP ${path.slice(0, 60)} is a client's mistake`, async () => {
      // Written by hand: fetch would tidy the path up.
      using peer = await RawPeer.connect(naru.ports.http);
      peer.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      const answer = (await peer.receive(12)).toString();
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    });
  }

  testWith("ffmpeg")(
    "the good stream did not notice",
    async () => {
      expect(faultsOf((await watched) as Decoded, 20)).toEqual([]);
      expect(good?.exitCode).toBeUndefined();
      expect(good?.output).toBe("");
      expect(naru.process.exitCode).toBeUndefined();
    },
    40_000,
  );
});

describe("a start that cannot succeed says why in a line", () => {
  const naru = (...args: string[]) =>
    start(process.execPath, [projectPath("src/main.ts"), "start", "--https", "off", ...args]);

  test("a port that is taken", async () => {
    await using running = await startNaru();
    const http = await freePort();
    for (const [flag, port] of [
      ["--rtmp", running.ports.rtmp],
      ["--http", running.ports.http],
    ] as const) {
      const other = flag === "--rtmp" ? "--http" : "--rtmp";
      const second = naru(flag, `127.0.0.1:${port}`, other, `127.0.0.1:${http}`);
      expect(await second.end(5000)).not.toBe(0);
      expect(second.output).toContain(String(port));
      expect(second.output).not.toMatch(/^\s+at /m);
    }
  }, 15_000);

  test("a configuration that is a directory, is not there, or is no configuration", async () => {
    using directory = new TemporaryDirectory();
    mkdirSync(directory.join("naru.yaml"));
    await Bun.write(directory.join("binary.json"), new Uint8Array(1000).fill(0xfe));
    for (const name of ["naru.yaml", "missing.yaml", "binary.json"]) {
      const failed = naru("-c", directory.join(name));
      expect(await failed.end(5000)).not.toBe(0);
      expect(failed.output).toContain(name);
      expect(failed.output).not.toMatch(/^\s+at /m);
    }
  }, 15_000);
});

function residentBytes(naru: Naru): number {
  const status = readFileSync(`/proc/${naru.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
