import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ClientHandshake, type HandshakeCrypto, ServerHandshake } from "./handshake.ts";

const fixture = (name: string) =>
  new Uint8Array(readFileSync(join(import.meta.dir, "../../../test/fixtures/rtmp", `${name}.bin`)));

const hmac = (key: Uint8Array, message: Uint8Array) =>
  new Uint8Array(createHmac("sha256", key).update(message).digest());
const crypto: HandshakeCrypto = { random: (length) => new Uint8Array(length).fill(0x5a), hmacSha256: hmac };

const crud = Buffer.from("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae", "hex");
const serverKey = Buffer.from("Genuine Adobe Flash Media Server 001");
const playerKey = Buffer.from("Genuine Adobe Flash Player 001");

/** S0 S1 S2 for the first bytes of a client. */
function answerTo(client: Uint8Array, step: number): { reply: Uint8Array; consumed: number; done: boolean } {
  const handshake = new ServerHandshake(crypto);
  let reply = new Uint8Array(0);
  let consumed = 0;
  for (let at = 0; at < client.length && !handshake.done; at += step) {
    const result = handshake.receive(client.subarray(at, at + step));
    consumed += result.consumed;
    if (result.reply) reply = new Uint8Array(result.reply);
  }
  return { reply, consumed, done: handshake.done };
}

function withDigest(packet: Uint8Array, key: Uint8Array, scheme: 0 | 1): { packet: Uint8Array; digest: Uint8Array } {
  const at = digestAt(packet, scheme);
  const digest = hmac(key, Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]));
  packet.set(digest, at);
  return { packet, digest };
}

function digestAt(packet: Uint8Array, scheme: 0 | 1): number {
  const from = scheme === 0 ? 8 : 772;
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += packet[from + i] as number;
  return from + 4 + (sum % 728);
}

/** The digest that `packet` should carry, and the one it does. */
function digests(packet: Uint8Array, key: Uint8Array, scheme: 0 | 1): [string, string] {
  const at = digestAt(packet, scheme);
  const expected = hmac(key, Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]));
  return [Buffer.from(expected).toString("hex"), Buffer.from(packet.subarray(at, at + 32)).toString("hex")];
}

describe("server handshake", () => {
  test("a simple one is echoed to the byte, with version bytes of zero", () => {
    const client = fixture("obs-29.0-h264-aac");
    const { reply, consumed, done } = answerTo(client, 5000);
    expect([reply.length, reply[0], consumed, done]).toEqual([3073, 3, 3073, true]);
    expect([...reply.subarray(5, 9)]).toEqual([0, 0, 0, 0]);
    expect(reply.subarray(1537)).toEqual(client.subarray(1, 1537));
  });

  test("how the bytes come makes no difference", () => {
    for (const name of ["obs-29.0-h264-aac", "ffmpeg-5.1-h264-aac"]) {
      const whole = answerTo(fixture(name), 100_000);
      for (const step of [1, 1000, 1536, 1537, 3073]) expect(answerTo(fixture(name), step)).toEqual(whole);
    }
  });

  test("FFmpeg's digest is answered with a digest and a signature", () => {
    const client = fixture("ffmpeg-5.1-h264-aac");
    const { reply } = answerTo(client, 5000);
    const c1 = client.subarray(1, 1537);
    const s1 = reply.subarray(1, 1537);
    const s2 = reply.subarray(1537);
    const [expected, found] = digests(c1, playerKey, 0);
    expect(found).toBe(expected);
    expect(s1[4]).toBeGreaterThanOrEqual(3);
    const own = digests(s1, serverKey, 0);
    expect(own[1]).toBe(own[0]);
    const key = hmac(Buffer.concat([serverKey, crud]), Buffer.from(found, "hex"));
    expect(s2.subarray(1504)).toEqual(hmac(key, s2.subarray(0, 1504)));
  });

  for (const scheme of [0, 1] as const) {
    test(`the digest may lie by scheme ${scheme}`, () => {
      const c1 = new Uint8Array(1536).map((_, i) => (i * 7) & 0xff);
      c1.set([9, 0, 124, 2], 4);
      const { packet } = withDigest(c1, playerKey, scheme);
      const { reply } = answerTo(Uint8Array.of(3, ...packet), 5000);
      const [expected, found] = digests(reply.subarray(1, 1537), serverKey, scheme);
      expect(found).toBe(expected);
    });
  }

  test("a digest that does not verify is a simple handshake", () => {
    const c1 = new Uint8Array(1536).fill(7);
    const { reply } = answerTo(Uint8Array.of(3, ...c1), 5000);
    expect(reply.subarray(1537)).toEqual(c1);
  });

  const FOREIGN: readonly [string, RegExp][] = [
    ["GET / HTTP/1.1\r\n", /HTTP/],
    ["\x16\x03\x01", /TLS/],
    ["\x06", /encrypted/],
    ["\xa5", /not RTMP/],
  ];
  for (const [text, reason] of FOREIGN) {
    test(`names what it is not: ${reason.source}`, () => {
      expect(() => new ServerHandshake(crypto).receive(Buffer.from(text, "latin1"))).toThrow(reason);
    });
  }
});

test("the client answers S1 with its echo, however it comes", () => {
  const server = Uint8Array.from({ length: 3073 }, (_, i) => (i === 0 ? 3 : i & 0xff));
  for (const step of [1, 1000, 1537, 3073]) {
    const handshake = new ClientHandshake((length) => new Uint8Array(length).fill(1));
    expect(handshake.c0c1.length).toBe(1537);
    const replies: Uint8Array[] = [];
    for (let at = 0; at < server.length; at += step) {
      const { reply } = handshake.receive(server.subarray(at, at + step));
      if (reply) replies.push(reply);
    }
    expect(handshake.done).toBe(true);
    expect(replies).toEqual([server.slice(1, 1537)]);
  }
});
