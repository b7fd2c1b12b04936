import { describe, expect, test } from "bun:test";
import { concat, RtmpScript, testCrypto } from "../../../test/support/rtmp-script.ts";
import { encodeAmf0 } from "../../formats/amf/amf0.ts";
import type { AmfValue } from "../../formats/amf/value.ts";
import { encodeTag } from "../../formats/flv/tag.ts";
import type { Effect } from "../session.ts";
import type { RtmpServerEvent, RtmpServerOptions } from "./server-event.ts";
import { RtmpServerSession } from "./server-session.ts";

const OPTIONS: RtmpServerOptions = {
  chunkSize: 60_000,
  ackWindow: 2_500_000,
  maxMessageSize: 1 << 20,
  maxStreams: 3,
  handshakeTimeout: 10_000,
  idleTimeout: 30_000,
  mediaTimeout: 0,
  pingInterval: 20_000,
};

/** A session with its application, which accepts every publish at once unless told otherwise, and a client's script. */
class Bench {
  readonly script = new RtmpScript();
  readonly session: RtmpServerSession;
  readonly events: RtmpServerEvent[] = [];
  closed: { code: string; message: string } | undefined;
  now = 0;
  accept = true;
  letIn = true;
  #sent: Uint8Array[] = [];

  constructor(options: Partial<RtmpServerOptions> = {}) {
    this.session = new RtmpServerSession({ ...OPTIONS, ...options }, testCrypto, 0);
  }

  send(...parts: Uint8Array[]): this {
    this.carryOut(this.session.receive(concat(parts), this.now));
    return this;
  }

  tick(now: number): this {
    this.now = now;
    this.carryOut(this.session.tick(now));
    return this;
  }

  carryOut(effects: readonly Effect<RtmpServerEvent>[]): void {
    for (const effect of effects) {
      expect(this.closed).toBeUndefined();
      if (effect.type === "send") this.#sent.push(effect.bytes);
      else if (effect.type === "close") this.closed = effect.reason;
      else {
        this.events.push(effect.event);
        if (effect.event.type === "connectRequested" && this.letIn) this.carryOut(this.session.acceptConnect(this.now));
        if (effect.event.type === "publishRequested" && this.accept) {
          this.carryOut(this.session.acceptPublish(effect.event.id));
        }
      }
    }
  }

  /** What the server has sent since the last call. */
  answers() {
    return this.script.read(concat(this.#sent.splice(0)));
  }

  commands() {
    return this.script.readCommands(concat(this.#sent.splice(0)));
  }

  get names(): string[] {
    return this.events.map((event) => (event.type === "media" ? `media ${event.messageType}` : event.type));
  }
}

const publishing = (options: Partial<RtmpServerOptions> = {}) => {
  const bench = new Bench(options);
  bench.send(bench.script.publish());
  bench.answers();
  return bench;
};

describe("connect", () => {
  test("is answered with window, bandwidth and chunk size first, then the result", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.connect());
    // The chunk size between them is obeyed by the reader.
    expect(bench.answers().map(({ type, csid, streamId, timestamp }) => [type, csid, streamId, timestamp])).toEqual([
      [5, 2, 0, 0],
      [6, 2, 0, 0],
      [20, 3, 0, 0],
    ]);
  });

  test("gives the result that clients look for", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.connect({ objectEncoding: 3 }));
    const [result] = bench.commands();
    expect(result).toMatchObject({
      name: "_result",
      transaction: 1,
      object: { fmsVer: expect.stringMatching(/^FMS/), capabilities: 31 },
    });
    expect(result?.args[0]).toEqual({
      level: "status",
      code: "NetConnection.Connect.Success",
      description: "Connection succeeded.",
      objectEncoding: 3,
    });
  });

  test("shows enhanced capabilities to those who showed theirs", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.connect({ fourCcList: ["hvc1"] }));
    expect(bench.commands()[0]?.args[0]).toMatchObject({
      capsEx: 14,
      videoFourCcInfoMap: { hvc1: 4, av01: 4 },
      audioFourCcInfoMap: { Opus: 4 },
    });
  });

  test("tells who the client is", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.connect({ flashVer: "x".repeat(1000), app: "live/" }));
    expect(bench.events).toEqual([
      {
        type: "connectRequested",
        request: {
          app: "live/",
          tcUrl: "rtmp://host/live",
          swfUrl: "",
          pageUrl: "",
          agent: "x".repeat(256),
          objectEncoding: 0,
          enhanced: false,
          fourCcs: undefined,
          via: [],
        },
      },
    ]);
  });

  test("may come as AMF3, with a selector or without", () => {
    for (const selector of [[0], []]) {
      const bench = new Bench();
      const body = Uint8Array.from([...selector, ...encodeAmf0("connect", 1, { app: "live" })]);
      bench.send(bench.script.handshake(), bench.script.message(17, 0, 0, body, 3));
      expect(bench.names).toEqual(["connectRequested"]);
    }
  });

  test("must come before any other command", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.command(0, "createStream", 2, null));
    expect(bench.closed).toMatchObject({ code: "protocol-error", message: expect.stringMatching(/before connect/) });
  });
});

describe("publish", () => {
  test("starts once it is accepted, and not before", () => {
    const bench = new Bench();
    bench.accept = false;
    bench.send(bench.script.publish("key?token=abc"));
    expect(bench.commands().map(({ name }) => name)).toEqual(["_result", "_result"]);
    expect(bench.events.at(-1)).toMatchObject({
      type: "publishRequested",
      id: 1,
      target: { path: "live/key", query: "token=abc" },
    });
    bench.carryOut(bench.session.acceptPublish(1));
    const answers = bench.answers();
    expect(answers.map(({ type, csid, streamId }) => [type, csid, streamId])).toEqual([
      [4, 2, 0],
      [20, 5, 1],
    ]);
  });

  test("says the words that encoders wait for", () => {
    const bench = new Bench();
    bench.send(bench.script.publish());
    expect(bench.commands().at(-1)).toMatchObject({
      name: "onStatus",
      transaction: 0,
      object: null,
      args: [{ level: "status", code: "NetStream.Publish.Start" }],
    });
  });

  test("that is refused is told why, and the connection closed", () => {
    const bench = new Bench();
    bench.accept = false;
    bench.send(bench.script.publish());
    bench.carryOut(bench.session.rejectPublish(1, "NetStream.Publish.BadName", "taken"));
    expect(bench.commands().at(-1)?.args[0]).toEqual({
      level: "error",
      code: "NetStream.Publish.BadName",
      description: "taken",
    });
    expect(bench.closed).toEqual({ code: "rejected", message: "taken" });
    expect(bench.session.receive(bench.script.connect(), 0)).toEqual([]);
  });

  test("of a name that is no path is refused by the session", () => {
    const bench = new Bench();
    bench.send(bench.script.publish("../etc"));
    expect(bench.events.at(-1)).toMatchObject({
      type: "refused",
      request: "publish",
      reason: expect.stringMatching(/not allowed/),
    });
    expect(bench.commands().at(-1)?.args[0]).toMatchObject({ level: "error", code: "NetStream.Publish.BadName" });
    expect(bench.closed?.code).toBe("rejected");
  });

  test("holds media that comes before the answer", () => {
    const bench = new Bench();
    bench.accept = false;
    const { script } = bench;
    bench.send(script.publish(), script.message(9, 1, 0, Uint8Array.of(1)), script.message(8, 1, 5, Uint8Array.of(2)));
    expect(bench.names).toEqual(["connectRequested", "publishRequested"]);
    bench.carryOut(bench.session.acceptPublish(1));
    expect(bench.names.slice(2)).toEqual(["media 9", "media 8"]);
  });

  test("does not hold media without end", () => {
    const bench = new Bench();
    bench.accept = false;
    bench.send(bench.script.publish());
    for (let i = 0; i < 513 && !bench.closed; i++) bench.send(bench.script.message(9, 1, i, Uint8Array.of(1)));
    expect(bench.closed?.code).toBe("limit-reached");
  });

  test("again with the same name changes nothing, with another ends the one before", () => {
    const bench = publishing();
    bench.send(bench.script.command(1, "publish", 4, null, "key"));
    bench.send(bench.script.command(1, "publish", 5, null, "other"));
    expect(bench.names).toEqual(["connectRequested", "publishRequested", "unpublish", "publishRequested"]);
  });

  test("without createStream works, also on stream 0", () => {
    const bench = new Bench();
    const { script } = bench;
    bench.send(script.handshake(), script.connect(), script.command(0, "publish", 0, null, "key"));
    bench.send(script.message(9, 0, 0, Uint8Array.of(1)));
    expect(bench.names).toEqual(["connectRequested", "publishRequested", "media 9"]);
  });

  test("several on one connection keep apart, and one that is refused leaves the other", () => {
    const bench = publishing();
    const { script } = bench;
    bench.send(script.command(0, "createStream", 4, null), script.command(2, "publish", 5, null, "second"));
    bench.send(script.message(9, 2, 0, Uint8Array.of(2)), script.message(9, 1, 0, Uint8Array.of(1)));
    expect(bench.events.slice(-2)).toMatchObject([
      { id: 2, body: Uint8Array.of(2) },
      { id: 1, body: Uint8Array.of(1) },
    ]);
    bench.carryOut(bench.session.rejectPublish(2, "NetStream.Publish.Denied", "no"));
    expect(bench.closed).toBeUndefined();
    bench.send(script.message(9, 1, 0, Uint8Array.of(3)));
    expect(bench.events.at(-1)).toMatchObject({ id: 1, body: Uint8Array.of(3) });
  });

  test("an answer is for the request it was asked for, and no later one", () => {
    const bench = new Bench();
    bench.accept = false;
    const { script } = bench;
    bench.send(script.publish("first"), script.command(1, "publish", 4, null, "second"));
    expect(bench.events.slice(1)).toMatchObject([
      { type: "publishRequested", id: 1, target: { name: "first" } },
      { type: "unpublish", id: 1 },
      { type: "publishRequested", id: 2, target: { name: "second" } },
    ]);
    bench.commands();
    bench.carryOut(bench.session.acceptPublish(1));
    bench.carryOut(bench.session.rejectPublish(1, "x", "y"));
    expect(bench.commands()).toEqual([]);
    bench.carryOut(bench.session.acceptPublish(2));
    expect(bench.commands()).toMatchObject([{ name: "onStatus" }]);
  });

  test("streams on one connection have a limit", () => {
    const bench = publishing();
    for (let i = 0; i < 4; i++) bench.send(bench.script.command(0, "createStream", 10 + i, null));
    expect(bench.commands().map(({ name }) => name)).toEqual(["_result", "_result", "_error", "_error"]);
  });
});

describe("media", () => {
  test("comes with stream, type, time and body", () => {
    const bench = publishing();
    bench.send(bench.script.message(8, 1, 0xffff_fff0, Uint8Array.of(1, 2)));
    expect(bench.events.at(-1)).toEqual({
      type: "media",
      id: 1,
      messageType: 8,
      timestamp: 0xffff_fff0,
      body: Uint8Array.of(1, 2),
    });
  });

  test("data of AMF3 loses its selector", () => {
    const bench = publishing();
    bench.send(bench.script.message(15, 1, 0, Uint8Array.from([0, ...encodeAmf0("onMetaData", {})])));
    expect(bench.events.at(-1)).toMatchObject({ messageType: 18, body: encodeAmf0("onMetaData", {}) });
  });

  test("on a stream that does not exist means the only one", () => {
    const bench = publishing();
    bench.send(bench.script.message(9, 7, 0, Uint8Array.of(1)));
    expect(bench.events.at(-1)).toMatchObject({ type: "media", id: 1 });
  });

  test("without a publish is ignored", () => {
    const bench = new Bench();
    bench.send(bench.script.handshake(), bench.script.connect(), bench.script.message(9, 1, 0, Uint8Array.of(1)));
    expect(bench.names).toEqual(["connectRequested"]);
  });

  test("in an aggregate comes with times relative to its own", () => {
    const bench = publishing();
    const tags = [1000, 1033].map((timestamp, i) => encodeTag({ type: 8 + i, timestamp, body: Uint8Array.of(i) }));
    bench.send(
      bench.script.message(22, 1, 5000, concat(tags)),
      bench.script.message(22, 1, 6000, Uint8Array.of(9, 0, 0)),
    );
    expect(bench.events.slice(2)).toMatchObject([
      { messageType: 8, timestamp: 5000, body: Uint8Array.of(0) },
      { messageType: 9, timestamp: 5033, body: Uint8Array.of(1) },
    ]);
    expect(bench.closed).toBeUndefined();
  });
});

describe("the end of a publish", () => {
  const ENDS: readonly { name: string; send: (script: RtmpScript) => Uint8Array }[] = [
    { name: "deleteStream with an id", send: (script) => script.command(0, "deleteStream", 0, null, 1) },
    {
      name: "deleteStream with a name, as GStreamer",
      send: (script) => script.command(0, "deleteStream", 0, null, "key"),
    },
    { name: "deleteStream on the stream itself", send: (script) => script.command(1, "deleteStream", 0, null) },
    { name: "closeStream", send: (script) => script.command(1, "closeStream", 0, null) },
  ];
  for (const { name, send } of ENDS) {
    test(`comes by ${name}; another publish may follow`, () => {
      const bench = publishing();
      bench.send(send(bench.script));
      bench.send(bench.script.command(0, "createStream", 8, null), bench.script.command(2, "publish", 9, null, "key"));
      expect(bench.names).toEqual(["connectRequested", "publishRequested", "unpublish", "publishRequested"]);
    });
  }

  test("FCUnpublish is answered and waits for what follows", () => {
    const bench = publishing();
    bench.send(bench.script.command(0, "FCUnpublish", 6, null, "key"));
    expect(bench.commands().map(({ name }) => name)).toEqual(["onFCUnpublish", "_result"]);
    expect(bench.names).toEqual(["connectRequested", "publishRequested"]);
  });
});

describe("other commands", () => {
  const ANSWERS: readonly { name: string; transaction: number; args?: AmfValue[]; answers: string[] }[] = [
    { name: "releaseStream", transaction: 2, args: ["key"], answers: ["_result"] },
    { name: "releaseStream", transaction: 0, args: ["key"], answers: [] },
    { name: "FCPublish", transaction: 3, args: ["key"], answers: ["onFCPublish", "_result"] },
    { name: "FCPublish", transaction: 0, args: ["key"], answers: ["onFCPublish"] },
    { name: "_checkbw", transaction: 4, answers: ["_result"] },
    { name: "getStreamLength", transaction: 5, args: ["key"], answers: ["_result"] },
    { name: "somethingElse", transaction: 6, answers: ["_error"] },
    { name: "somethingElse", transaction: 0, answers: [] },
    { name: "_result", transaction: 7, answers: [] },
    { name: "onBWDone", transaction: 8, answers: [] },
  ];
  for (const { name, transaction, args = [], answers } of ANSWERS) {
    test(`${name} with transaction ${transaction} is answered by ${answers.join(", ") || "nothing"}`, () => {
      const bench = publishing();
      bench.send(bench.script.command(0, name, transaction, null, ...args));
      const commands = bench.commands();
      expect(commands.map((command) => command.name)).toEqual(answers);
      const numbered = commands.filter((command) => !command.name.startsWith("on"));
      expect(numbered.every((command) => command.transaction === transaction)).toBe(true);
      expect(bench.closed).toBeUndefined();
    });
  }

  test("garbage behind a command does no harm", () => {
    const bench = publishing();
    const body = concat([encodeAmf0("createStream", 4, null), Uint8Array.of(0x7f, 0x7f)]);
    bench.send(bench.script.message(20, 0, 0, body, 3));
    expect(bench.commands()).toMatchObject([{ name: "_result", args: [2] }]);
  });

  describe("play", () => {
    const requested = () => {
      const bench = new Bench();
      const play = bench.script.command(1, "play", 4, null, "key", -2000);
      bench.send(bench.script.handshake(), bench.script.connect(), play);
      expect(bench.events.at(-1)).toMatchObject({
        type: "playRequested",
        id: 1,
        streamId: 1,
        target: { path: "live/key" },
      });
      bench.commands();
      return bench;
    };
    const codes = (bench: Bench) =>
      bench.commands().map(({ name, args }) => (args[0] as { code?: string } | undefined)?.code ?? name);

    test("is the application's to refuse", () => {
      const bench = requested();
      bench.carryOut(bench.session.rejectPlay(1, "NetStream.Play.StreamNotFound", "no"));
      expect(bench.commands().at(-1)?.args[0]).toMatchObject({ level: "error", code: "NetStream.Play.StreamNotFound" });
      expect(bench.closed?.code).toBe("rejected");
    });

    test("is told what it waits to hear", () => {
      const bench = requested();
      bench.carryOut(bench.session.acceptPlay(1, true));
      expect(codes(bench)).toEqual(["NetStream.Play.Reset", "NetStream.Play.Start"]);
      bench.carryOut(bench.session.playLive(1, true, { restart: false, notify: false }));
      const [begin] = bench.answers();
      expect(begin).toMatchObject({ type: 4, csid: 2, streamId: 0, body: Uint8Array.of(0, 0, 0, 0, 0, 1) });
      bench.carryOut(bench.session.playLive(1, false, { restart: false, notify: false }));
      expect(bench.answers()).toEqual([]);
      bench.carryOut(bench.session.playLive(1, false, { restart: true, notify: true }));
      expect(codes(bench)).toEqual(["NetStream.Play.Stop", "NetStream.Play.UnpublishNotify"]);
    });

    test.each([
      [["pause", true], ["NetStream.Pause.Notify"], { type: "playPaused", id: 1, paused: true }],
      [["pause", false], ["NetStream.Unpause.Notify"], { type: "playPaused", id: 1, paused: false }],
      [["seek", 0], ["NetStream.Seek.Failed"], undefined],
      [["receiveVideo", false], [], { type: "playWants", id: 1, kind: "video", wanted: false }],
      [["receiveAudio", true], [], { type: "playWants", id: 1, kind: "audio", wanted: true }],
      [["closeStream"], ["NetStream.Play.Stop"], { type: "playStopped", id: 1 }],
      [["deleteStream", 1], [], { type: "playStopped", id: 1 }],
      [["deleteStream", "key"], [], { type: "playStopped", id: 1 }],
      [["play", "other"], ["NetStream.Play.Stop"], { type: "playRequested", id: 2 }],
    ] as const)("takes %p", ([name, ...args], answers, event) => {
      const bench = requested();
      bench.carryOut(bench.session.acceptPlay(1, true));
      bench.commands();
      const before = bench.events.length;
      bench.send(bench.script.command(name === "deleteStream" ? 0 : 1, name, 0, null, ...args));
      expect(codes(bench)).toEqual([...answers]);
      if (event) expect(bench.events.at(-1)).toMatchObject(event);
      else expect(bench.events.length).toBe(before);
      expect(bench.closed).toBeUndefined();
    });

    test("media that a player sends is nobody's", () => {
      const bench = requested();
      bench.carryOut(bench.session.acceptPlay(1, true));
      const before = bench.events.length;
      bench.send(bench.script.message(9, 1, 0, Uint8Array.of(1)));
      expect(bench.events.length).toBe(before);
    });

    test("that answers no ping ends; without pings it may be silent", () => {
      for (const pingInterval of [10_000, 0]) {
        const bench = new Bench({ pingInterval, idleTimeout: 30_000, mediaTimeout: 5_000 });
        bench.send(bench.script.handshake(), bench.script.connect(), bench.script.command(1, "play", 4, null, "key"));
        bench.carryOut(bench.session.acceptPlay(1, true));
        for (let now = 0; now < 100_000 && !bench.closed; now += 1000) bench.carryOut(bench.session.tick(now));
        expect(bench.closed?.code).toBe(pingInterval > 0 ? "timeout" : undefined);
      }
    });
  });
});

describe("acknowledgements and pings", () => {
  test("come at half of a window that was never named", () => {
    const bench = publishing({ maxMessageSize: 4 << 20 });
    bench.send(bench.script.message(9, 1, 0, new Uint8Array(1_200_000)));
    expect(bench.answers()).toEqual([]);
    bench.send(bench.script.message(9, 1, 0, new Uint8Array(100_000)));
    expect(bench.answers().map(({ type }) => type)).toEqual([3]);
  });

  test("come at half of the client's window, with all bytes so far", () => {
    const bench = publishing();
    bench.send(bench.script.message(5, 0, 0, Uint8Array.of(0, 0, 0x20, 0), 4));
    bench.answers();
    bench.send(bench.script.message(9, 1, 0, new Uint8Array(5000)));
    const [first] = bench.answers();
    bench.send(bench.script.message(9, 1, 0, new Uint8Array(5000)));
    const [second] = bench.answers();
    const values = [first, second].map((message) => Buffer.from(message?.body ?? []).readUInt32BE());
    expect((values[1] as number) - (values[0] as number)).toBeGreaterThan(5000);
    expect(values[0]).toBeGreaterThan(3073);
  });

  test("a ping is answered with its own value", () => {
    const bench = publishing();
    bench.send(bench.script.message(4, 0, 0, Uint8Array.of(0, 6, 1, 2, 3, 4), 2));
    expect(bench.answers()[0]?.body).toEqual(Uint8Array.of(0, 7, 1, 2, 3, 4));
  });

  test("user control of odd sizes is ignored", () => {
    const bench = publishing();
    for (const size of [0, 1, 3, 10]) bench.send(bench.script.message(4, 0, 0, new Uint8Array(size), 2));
    expect(bench.closed).toBeUndefined();
  });

  test("the client is pinged, and not closed for its silence", () => {
    const bench = publishing({ idleTimeout: 60_000 });
    expect(bench.session.deadline).toBe(20_000);
    bench.tick(20_000);
    expect(bench.answers()[0]?.body.subarray(0, 2)).toEqual(Uint8Array.of(0, 6));
    bench.tick(40_000);
    expect(bench.closed).toBeUndefined();
  });
});

describe("deadlines", () => {
  const STALLS: readonly { name: string; send: (script: RtmpScript) => Uint8Array[]; reason: RegExp }[] = [
    { name: "nothing", send: () => [], reason: /handshake/ },
    { name: "half a handshake", send: (script) => [script.handshake().subarray(0, 2000)], reason: /handshake/ },
    { name: "a handshake", send: (script) => [script.handshake()], reason: /connect/ },
    { name: "connect", send: (script) => [script.handshake(), script.connect()], reason: /publish or play/ },
  ];
  for (const { name, send, reason } of STALLS) {
    test(`a client that sends ${name} is closed in time`, () => {
      const bench = new Bench();
      bench.send(...send(bench.script));
      bench.tick(9_999);
      expect(bench.closed).toBeUndefined();
      bench.tick(10_000);
      expect(bench.closed).toMatchObject({ code: "timeout", message: expect.stringMatching(reason) });
      expect(bench.session.deadline).toBeUndefined();
    });
  }

  test("a byte now and then does not put the deadline off", () => {
    const bench = new Bench();
    const bytes = bench.script.handshake();
    for (let i = 0; i < 10; i++) {
      bench.now = i * 1000;
      bench.send(bytes.subarray(i, i + 1));
    }
    expect(bench.session.deadline).toBe(10_000);
  });

  test("a publisher without whole messages is closed", () => {
    const bench = publishing({ pingInterval: 0 });
    bench.now = 20_000;
    bench.send(bench.script.message(9, 1, 0, Uint8Array.of(1)));
    expect(bench.session.deadline).toBe(50_000);
    const slow = bench.script.message(9, 1, 0, new Uint8Array(100));
    for (let i = 0; i < 29; i++) {
      bench.now += 1000;
      bench.send(slow.subarray(i, i + 1));
    }
    bench.tick(50_000);
    expect(bench.closed).toMatchObject({ code: "timeout", message: "nothing sent for 30 s" });
  });

  test("a publisher that only answers pings stays, unless media is demanded", () => {
    for (const [mediaTimeout, closed] of [
      [0, undefined],
      [50_000, { code: "timeout", message: "no media for 50 s" }],
    ] as const) {
      const bench = publishing({ mediaTimeout });
      for (let now = 20_000; now <= 200_000 && !bench.closed; now += 20_000) {
        bench.tick(now);
        bench.now = now;
        bench.send(bench.script.message(4, 0, 0, Uint8Array.of(0, 7, 0, 0, 0, 0), 2));
      }
      if (closed) expect(bench.closed).toMatchObject(closed);
      else expect(bench.closed).toBeUndefined();
    }
  });

  test("after a publish another must follow in time", () => {
    const bench = publishing({ pingInterval: 0 });
    bench.now = 60_000;
    bench.send(bench.script.message(9, 1, 0, Uint8Array.of(1)), bench.script.command(0, "deleteStream", 0, null, 1));
    expect(bench.session.deadline).toBe(70_000);
  });
});

describe("bad peers", () => {
  test("HTTP is answered in HTTP", () => {
    const session = new RtmpServerSession(OPTIONS, testCrypto, 0);
    const [send, close] = session.receive(Buffer.from("GET / HTTP/1.1\r\n\r\n"), 0);
    expect(send?.type === "send" && new TextDecoder().decode(send.bytes)).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(close).toMatchObject({
      type: "close",
      reason: { code: "protocol-error", message: expect.stringMatching(/HTTP/) },
    });
  });

  test("what came before a fault is still handed on", () => {
    const bench = publishing();
    bench.send(bench.script.message(9, 1, 0, Uint8Array.of(1)), bench.script.message(1, 0, 0, Uint8Array.of(0), 2));
    expect(bench.names.at(-1)).toBe("media 9");
    expect(bench.closed).toMatchObject({ code: "protocol-error", message: expect.stringMatching(/chunk size/i) });
  });

  test("values nested without end in a command end the session", () => {
    const bench = new Bench({ maxMessageSize: 10 << 20 });
    const nested = Buffer.from("03000161".repeat(10_000), "hex");
    const body = concat([encodeAmf0("connect", 1), nested]);
    bench.send(bench.script.handshake(), bench.script.message(20, 0, 0, body, 3));
    expect(bench.closed).toMatchObject({ code: "protocol-error", message: expect.stringMatching(/nested/) });
  });

  test("a message above the limit ends the session", () => {
    const bench = publishing();
    bench.send(bench.script.message(9, 1, 0, new Uint8Array((1 << 20) + 1)));
    expect(bench.closed?.code).toBe("limit-reached");
  });

  test("closing twice is harmless", () => {
    const bench = publishing();
    expect(bench.session.close({ code: "shutdown", message: "bye" }).length).toBe(1);
    expect(bench.session.close({ code: "shutdown", message: "bye" })).toEqual([]);
  });
});
