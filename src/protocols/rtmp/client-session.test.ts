import { describe, expect, test } from "bun:test";
import { testCrypto } from "../../../test/support/rtmp-script.ts";
import type { Effect } from "../session.ts";
import { type RtmpClientEvent, RtmpClientSession, type RtmpPlayOptions } from "./client-session.ts";
import { PlayChunks } from "./play-chunks.ts";
import type { RtmpServerEvent } from "./server-event.ts";
import { RtmpServerSession } from "./server-session.ts";

const OPTIONS = {
  chunkSize: 60_000,
  ackWindow: 5000,
  maxMessageSize: 10 << 20,
  maxStreams: 32,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 20_000,
};

/** Client and server, each handed what the other sends, in pieces. */
class Pair {
  readonly client: RtmpClientSession;
  readonly server = new RtmpServerSession(OPTIONS, testCrypto, 0);
  readonly clientEvents: RtmpClientEvent[] = [];
  readonly serverEvents: RtmpServerEvent[] = [];
  clientClosed: string | undefined;
  serverClosed: string | undefined;
  answer: (id: number) => readonly Effect<RtmpServerEvent>[] = (id) => this.server.acceptPublish(id);

  constructor(chunkSize?: number, play?: RtmpPlayOptions) {
    this.client = new RtmpClientSession({
      app: "live",
      name: "key?token=x",
      tcUrl: "rtmp://host/live",
      chunkSize,
      random: testCrypto.random,
      ...(play ? { play } : {}),
    });
  }

  fromClient(effects: readonly Effect<RtmpClientEvent>[]): this {
    for (const effect of effects) {
      if (effect.type === "close") this.clientClosed = effect.reason.code;
      else if (effect.type === "event") this.clientEvents.push(effect.event);
      else for (const piece of pieces(effect.bytes)) this.fromServer(this.server.receive(piece, 0));
    }
    return this;
  }

  fromServer(effects: readonly Effect<RtmpServerEvent>[]): this {
    for (const effect of effects) {
      if (effect.type === "close") this.serverClosed = effect.reason.code;
      else if (effect.type === "send") {
        for (const piece of pieces(effect.bytes)) this.fromClient(this.client.receive(piece, 0));
      } else {
        this.serverEvents.push(effect.event);
        if (effect.event.type === "connectRequested") this.fromServer(this.server.acceptConnect(0));
        if (effect.event.type === "playRequested") this.fromServer(this.answer(effect.event.id));
        if (effect.event.type === "publishRequested") this.fromServer(this.answer(effect.event.id));
      }
    }
    return this;
  }

  start(): this {
    return this.fromClient(this.client.start(0));
  }
}

function pieces(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, i) => bytes.subarray(i * 1000, i * 1000 + 1000));
}

describe("RtmpClientSession", () => {
  for (const chunkSize of [undefined, 128, 60_000]) {
    test(`publishes to our own server, chunk size ${chunkSize ?? "as it is"}`, () => {
      const pair = new Pair(chunkSize).start();
      expect(pair.clientEvents).toEqual([{ type: "publishing" }]);
      expect(pair.serverEvents.at(-1)).toMatchObject({
        type: "publishRequested",
        target: { path: "live/key", query: "token=x" },
      });
      const body = Uint8Array.from({ length: 20_000 }, (_, i) => i);
      for (const [type, time] of [
        [18, 0],
        [9, 0],
        [8, 21],
        [9, 33],
        [9, 0xffff_fff0],
      ] as const) {
        pair.fromClient(pair.client.sendMedia(type, time, body));
        expect(pair.serverEvents.at(-1)).toEqual({ type: "media", id: 1, messageType: type, timestamp: time, body });
      }
      pair.fromClient(pair.client.close({ code: "done", message: "enough" }));
      expect(pair.serverEvents.at(-1)?.type).toBe("unpublish");
      expect(pair.clientClosed).toBe("done");
    });
  }

  test("reports what the server refuses with", () => {
    const pair = new Pair();
    pair.answer = (id) => pair.server.rejectPublish(id, "NetStream.Publish.BadName", "somebody else is live");
    pair.start();
    expect(pair.clientEvents).toMatchObject([
      { type: "rejected", code: "NetStream.Publish.BadName", description: "somebody else is live" },
      { type: "closed", reason: { code: "rejected" } },
    ]);
    expect(pair.clientClosed).toBe("rejected");
  });

  test("learns that its publish was ended", () => {
    const pair = new Pair().start();
    pair.fromServer(pair.server.rejectPublish(1, "NetStream.Publish.Denied", "taken over"));
    expect(pair.clientEvents.slice(1)).toMatchObject([
      { type: "rejected", description: "taken over" },
      { type: "closed" },
    ]);
    expect(pair.client.publishing).toBe(false);
    expect(pair.client.sendMedia(9, 0, Uint8Array.of(1))).toEqual([]);
  });

  test("sends no media before it may", () => {
    const pair = new Pair();
    pair.answer = () => [];
    pair.start();
    expect(pair.client.sendMedia(9, 0, Uint8Array.of(1))).toEqual([]);
  });

  test("gives up on a server that does not answer", () => {
    const { client } = new Pair();
    client.start(1000);
    expect(client.deadline).toBe(11_000);
    expect(client.tick(10_999)).toEqual([]);
    expect(client.tick(11_000).at(-1)).toMatchObject({ type: "close", reason: { code: "timeout" } });
  });

  test("says so when the server speaks something else", () => {
    const { client } = new Pair();
    client.start(0);
    expect(client.receive(Buffer.from("HTTP/1.1 400 Bad Request\r\n"), 0).at(-1)).toMatchObject({
      type: "close",
      reason: { code: "protocol-error", message: expect.stringMatching(/HTTP/) },
    });
  });
});

describe("RtmpClientSession that plays", () => {
  const PLAY = { start: -1000, bufferMs: 3000, maxMessageSize: 1 << 20 };
  const chunks = new PlayChunks({ chunkSize: OPTIONS.chunkSize, streamId: 1, interleave: false });
  const playing = () => {
    const pair = new Pair(undefined, PLAY);
    pair.answer = (id) => pair.server.acceptPlay(id, true);
    return pair.start();
  };
  const send = (pair: Pair, type: 8 | 9 | 18, time: number, data: Uint8Array) => {
    const message = { type, time, delta: 0, mixedTime: time, mixedDelta: 0, role: "media" as const };
    const bytes = chunks.first({ ...message, head: new Uint8Array(0), data }, 0);
    pair.fromServer([{ type: "send", bytes }]);
  };

  test("asks for the stream, and hands out its messages", () => {
    const pair = playing();
    expect(pair.serverEvents.find(({ type }) => type === "playRequested")).toMatchObject({
      target: { path: "live/key", query: "token=x" },
      range: { start: -1000 },
    });
    expect(pair.server.bufferLength).toBe(PLAY.bufferMs);
    expect(pair.clientEvents[0]).toEqual({ type: "playing" });
    pair.clientEvents.length = 0;
    const body = Uint8Array.from({ length: 100_000 }, (_, i) => i);
    send(pair, 9, 40, body);
    send(pair, 8, 61, body.subarray(0, 10));
    expect(pair.clientEvents).toEqual([
      { type: "media", messageType: 9, timestamp: 40, body },
      { type: "media", messageType: 8, timestamp: 61, body: body.slice(0, 10) },
    ]);
    expect(pair.client.deadline).toBeUndefined();
  });

  test("hears that the encoder has left, and of its return by its media", () => {
    const pair = playing();
    pair.fromServer(pair.server.playLive(1, true, { restart: false, notify: true }));
    pair.fromServer(pair.server.playLive(1, false, { restart: false, notify: true }));
    send(pair, 8, 5, Uint8Array.of(1));
    const types = pair.clientEvents.map(({ type }) => type);
    expect(types).toContain("stopped");
    expect(types.at(-1)).toBe("media");
  });

  test("repeats why the server does not play", () => {
    const pair = new Pair(undefined, PLAY);
    pair.answer = (id) => pair.server.rejectPlay(id, "NetStream.Play.StreamNotFound", "nobody publishes it");
    pair.start();
    expect(pair.clientEvents[0]).toEqual({
      type: "rejected",
      code: "NetStream.Play.StreamNotFound",
      description: "nobody publishes it",
    });
    expect(pair.clientClosed).toBe("rejected");
  });

  test("says goodbye", () => {
    const pair = playing();
    pair.fromClient(pair.client.close({ code: "done", message: "enough" }));
    expect(pair.serverEvents.at(-1)?.type).toBe("playStopped");
  });

  test("ends when a message is larger than it may be", () => {
    const pair = playing();
    send(pair, 9, 0, new Uint8Array(PLAY.maxMessageSize + 1));
    expect(pair.clientClosed).toBe("protocol-error");
  });
});
