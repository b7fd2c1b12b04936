import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "../../src/protocols/errors.ts";
import { ChunkReader } from "../../src/protocols/rtmp/chunk-reader.ts";
import { RtmpClientSession } from "../../src/protocols/rtmp/client-session.ts";
import { ServerHandshake } from "../../src/protocols/rtmp/handshake.ts";
import type { RtmpServerEvent } from "../../src/protocols/rtmp/server-event.ts";
import { RtmpServerSession } from "../../src/protocols/rtmp/server-session.ts";
import { parseStreamPath } from "../../src/protocols/rtmp/stream-path.ts";
import type { Effect } from "../../src/protocols/session.ts";
import { RtmpScript, testCrypto } from "../support/rtmp-script.ts";
import { Noise } from "./random.ts";

const noise = new Noise(0x47a9);
const directory = join(import.meta.dir, "../fixtures/rtmp");
const captures = readdirSync(directory)
  .filter((name) => name.endsWith(".bin"))
  .map((name) => new Uint8Array(readFileSync(join(directory, name))).slice(0, 12_000));

const OPTIONS = {
  chunkSize: 4096,
  ackWindow: 2_500_000,
  maxMessageSize: 1 << 20,
  maxStreams: 8,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 1000,
};

/** Feeds a session, answers what it asks, and returns how it ended. */
function feed(session: RtmpServerSession, bytes: Uint8Array): string | undefined {
  let closed: string | undefined;
  let now = 0;
  const carryOut = (effects: readonly Effect<RtmpServerEvent>[]): void => {
    for (const effect of effects) {
      expect(closed).toBeUndefined();
      if (effect.type === "close") closed = effect.reason.code;
      if (effect.type !== "event") continue;
      const { event } = effect;
      if (event.type === "connectRequested") {
        carryOut(noise.below(16) === 0 ? session.rejectConnect("y") : session.acceptConnect(now));
      } else if (event.type === "publishRequested") {
        carryOut(noise.below(8) === 0 ? session.rejectPublish(event.id, "x", "y") : session.acceptPublish(event.id));
      } else if (event.type === "playRequested") {
        carryOut(noise.below(4) === 0 ? session.rejectPlay(event.id, "x", "y") : session.acceptPlay(event.id, true));
        carryOut(session.playLive(event.id, noise.below(2) === 0, { restart: true, notify: true }));
      }
    }
  };
  for (let at = 0; at < bytes.length; now += 10) {
    const size = 1 + noise.below(4000);
    carryOut(session.receive(bytes.subarray(at, at + size), now));
    if (noise.below(4) === 0) carryOut(session.tick(now));
    at += size;
  }
  return closed;
}

test("a session that is fed mutated captures goes on or closes, and throws nothing", () => {
  const ends = new Map<string | undefined, number>();
  for (let n = 0; n < 400; n++) {
    const capture = noise.pick(captures);
    // Behind the handshake, which would hide what follows.
    const head = capture.subarray(0, 3073);
    const mutated = noise.mutate(capture.subarray(3073));
    const bytes = new Uint8Array(head.length + mutated.length);
    bytes.set(head);
    bytes.set(mutated, head.length);
    const end = feed(new RtmpServerSession(OPTIONS, testCrypto, 0), bytes);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  expect(ends.get(undefined)).toBeGreaterThan(20);
  expect(ends.get("protocol-error")).toBeGreaterThan(20);
});

test("commands of mutated AMF are answered or end the session", () => {
  for (let n = 0; n < 1500; n++) {
    const script = new RtmpScript();
    const bytes = script.publish();
    const command = script.command(
      1,
      noise.pick(["publish", "play", "deleteStream", "FCPublish"]),
      5,
      { a: [1] },
      "key",
      1,
    );
    const session = new RtmpServerSession(OPTIONS, testCrypto, 0);
    feed(session, bytes);
    feed(session, noise.mutate(command));
  }
});

test("the chunk reader gives messages or ProtocolError, and holds no more than it may", () => {
  for (let n = 0; n < 1500; n++) {
    const reader = new ChunkReader({ maxMessageSize: 1 << 20 }, (message) => {
      expect(message.body.length).toBeLessThanOrEqual(1 << 20);
    });
    try {
      for (let i = 0; i < 20; i++) {
        const bytes = noise.bytes(noise.below(300));
        // Small lengths, so that messages end.
        for (let at = 4; at < bytes.length; at += 16) bytes[at] = 0;
        reader.read(bytes);
        expect(reader.pending).toBeLessThanOrEqual(2 << 20);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
});

test("handshakes of noise are answered or refused", () => {
  for (let n = 0; n < 300; n++) {
    const handshake = new ServerHandshake(testCrypto);
    const bytes = noise.bytes(noise.below(4000));
    if (noise.below(4) > 0) bytes[0] = 3;
    try {
      const { consumed } = handshake.receive(bytes);
      expect(consumed).toBe(Math.min(bytes.length, 3073));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
});

test("a client that is fed noise by its server goes on or closes", () => {
  for (let n = 0; n < 500; n++) {
    const client = new RtmpClientSession({ app: "a", name: "b", tcUrl: "rtmp://h/a", random: testCrypto.random });
    client.start(0);
    const script = new RtmpScript();
    client.receive(new Uint8Array(3073).fill(3), 0);
    client.receive(noise.mutate(script.command(0, "_result", 1, null, { code: "x" })), 0);
    client.receive(noise.mutate(script.command(0, "_result", 4, null, 1)), 0);
    client.receive(noise.mutate(script.command(1, "onStatus", 0, null, { code: "NetStream.Publish.Start" })), 0);
  }
});

test("paths of noise are one path or a reason", () => {
  const alphabet = [
    "a",
    "/",
    "..",
    "?",
    "%2f",
    "%",
    "#",
    "한",
    "\0",
    " ",
    "mp4:",
    ".flv",
    "=",
    "\\",
    "...vhost...",
    "\ud800",
  ];
  const text = () => Array.from({ length: noise.below(8) }, () => noise.pick(alphabet)).join("");
  for (let n = 0; n < 5000; n++) {
    const result = parseStreamPath({ app: text(), name: text(), tcUrl: `rtmp://h/${text()}` });
    if (!result.valid) expect(result.reason.length).toBeGreaterThan(0);
    else {
      expect(result.path).toBe(`${result.app}/${result.name}`);
      expect(result.path.split("/").every((part) => part !== "" && part !== ".." && part !== ".")).toBe(true);
      expect(result.path).not.toMatch(/[\0-\x1f\\]/);
    }
  }
});
